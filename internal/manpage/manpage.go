// Package manpage writes the man pages of a command line. It is for building: the program that is
// shipped does not contain it.
package manpage

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// About is what all pages of a program say alike. What is empty is left out.
type About struct {
	Version    string
	Date       string // of the version, as 2026-11-30
	ExitStatus string // what the exit codes mean, in one line
}

// WriteAll writes the pages of a command and of all commands below it into a folder, which is made:
// wanstore.1, wanstore-record.1 and so on. The same commands make the same bytes.
func WriteAll(dir string, root *cobra.Command, about About) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return writeBelow(dir, root, about)
}

func writeBelow(dir string, cmd *cobra.Command, about About) error {
	var page strings.Builder
	Write(&page, cmd, about)
	path := filepath.Join(dir, pageName(cmd)+".1")
	if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
		return err
	}
	for _, child := range children(cmd) {
		if err := writeBelow(dir, child, about); err != nil {
			return err
		}
	}
	return nil
}

// Write writes the page of one command.
func Write(out io.Writer, cmd *cobra.Command, about About) {
	p := &page{out: out}
	p.head(cmd, about)
	p.section("DESCRIPTION")
	p.prose(firstOf(cmd.Long, cmd.Short))
	p.options("OPTIONS", cmd.NonInheritedFlags())
	p.options("GLOBAL OPTIONS", cmd.InheritedFlags())
	p.commands(cmd)
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.verbatim(strings.Split(cmd.Example, "\n"))
	}
	if about.ExitStatus != "" {
		p.section("EXIT STATUS")
		p.prose(about.ExitStatus)
	}
	p.seeAlso(cmd)
}

// page is one that is being written, in the macros man(7).
type page struct{ out io.Writer }

func (p *page) head(cmd *cobra.Command, about About) {
	name, source := pageName(cmd), cmd.Root().Name()
	if about.Version != "" {
		source += " " + about.Version
	}
	p.linef(`.TH "%s" "1" "%s" "%s" "User Commands"`, escape(strings.ToUpper(name)),
		about.Date, escape(source))
	p.linef(".nh\n.ad l") // a flag that is broken over two lines is none
	p.section("NAME")
	p.linef(`%s \- %s`, escape(name), escape(cmd.Short))
	p.section("SYNOPSIS")
	command, rest, _ := strings.Cut(cmd.Use, " ")
	if cmd.HasParent() {
		command = cmd.Parent().CommandPath() + " " + command
	}
	if cmd.HasAvailableFlags() {
		rest = strings.TrimSpace(rest + " [flags]")
	}
	p.linef(`\fB%s\fR %s`, escape(command), escape(rest))
}

func (p *page) section(title string) { p.linef(".SH %s", title) }

// prose writes paragraphs. Lines that are indented stand as they are.
func (p *page) prose(text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			p.linef(".PP")
		}
		p.paragraph(strings.Split(paragraph, "\n"))
	}
}

func (p *page) paragraph(lines []string) {
	for i := 0; i < len(lines); {
		end := i
		for end < len(lines) && strings.HasPrefix(lines[end], "  ") {
			end++
		}
		if end > i {
			p.verbatim(lines[i:end])
			i = end
			continue
		}
		p.linef("%s", guarded(lines[i]))
		i++
	}
}

// verbatim writes lines that are not filled.
func (p *page) verbatim(lines []string) {
	p.linef(".RS 2")
	p.linef(".nf")
	for _, line := range lines {
		p.linef("%s", guarded(strings.TrimPrefix(line, "  ")))
	}
	p.linef(".fi")
	p.linef(".RE")
}

func (p *page) options(title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	p.section(title)
	flags.VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			p.option(flag)
		}
	})
}

func (p *page) option(flag *pflag.Flag) {
	value, usage := pflag.UnquoteUsage(flag)
	p.linef(".TP")
	names := `\fB` + escape("--"+flag.Name) + `\fR`
	if flag.Shorthand != "" {
		names = `\fB` + escape("-"+flag.Shorthand) + `\fR, ` + names
	}
	if value != "" {
		names += ` \fI` + escape(value) + `\fR`
	}
	p.linef("%s", names)
	switch flag.DefValue {
	case "", "0", "false", "[]":
	default:
		usage += " (default " + flag.DefValue + ")"
	}
	p.linef("%s", guarded(usage))
}

func (p *page) commands(cmd *cobra.Command) {
	if len(children(cmd)) == 0 {
		return
	}
	p.section("COMMANDS")
	for _, child := range children(cmd) {
		p.linef(".TP")
		p.linef(`\fB%s\fR(1)`, escape(pageName(child)))
		p.linef("%s", guarded(child.Short))
	}
}

// seeAlso names the page above and those beside a page. The page above all lists the others itself.
func (p *page) seeAlso(cmd *cobra.Command) {
	if !cmd.HasParent() {
		return
	}
	list := []string{reference(cmd.Parent())}
	for _, sibling := range children(cmd.Parent()) {
		if sibling != cmd {
			list = append(list, reference(sibling))
		}
	}
	p.section("SEE ALSO")
	p.linef("%s", strings.Join(list, ",\n"))
}

func reference(cmd *cobra.Command) string { return `\fB` + escape(pageName(cmd)) + `\fR(1)` }

// linef writes a line. What is written to has no errors of its own: it is memory.
func (p *page) linef(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// children are the commands below one that have a page.
func children(cmd *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	for _, child := range cmd.Commands() {
		if !child.Hidden && child.Deprecated == "" {
			list = append(list, child)
		}
	}
	return list
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func firstOf(long, short string) string {
	if long != "" {
		return long
	}
	return short
}

// escaper keeps roff from reading characters as its own, and from making typographic ones of them:
// what is copied from a page has to work in a shell.
var escaper = strings.NewReplacer(
	`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`, `"`, `\(dq`,
)

func escape(text string) string { return escaper.Replace(text) }

// guarded is escape for a whole line, which a dot would make a macro.
func guarded(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + escape(line)
	}
	return escape(line)
}
