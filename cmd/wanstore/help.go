package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/clock"
)

// helpWidth is how long the lines of help texts are at most.
const helpWidth = 100

const (
	// timesHelp says how a time in a flag is written, and durationsHelp a duration.
	timesHelp     = "Times are written as " + clock.TimeHelp + ". " + zoneHelp + "."
	durationsHelp = "Durations are written as " + clock.DurationHelp + "."
	zoneHelp      = "A time without a zone is local, or UTC with --utc"
)

// newHelp is cobra's own help command, except that an unknown topic is an error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show help for a command",
		Long: `
Show help for a command, or for a topic: "wanstore help env" lists the environment variables.`,
		Example: "  wanstore help record\n  wanstore help env",
		ValidArgsFunction: func(
			cmd *cobra.Command, args []string, _ string,
		) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(cmd.Root()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef(cmd, "unknown help topic %q%s", strings.Join(args, " "),
					didYouMean(args[len(args)-1], commandNames(topic)))
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}

// fillHelp fills the help texts of a command and of those below it. The names and numbers in them
// have their lengths from elsewhere.
func fillHelp(cmd *cobra.Command) {
	cmd.Long = filled(cmd.Long)
	for _, child := range cmd.Commands() {
		fillHelp(child)
	}
}

// filled makes full lines of a text. Lines that are indented stand as they are.
func filled(text string) string {
	var lines []string
	open := false // the last line takes more words
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line == "" || strings.HasPrefix(line, " ") {
			lines, open = append(lines, line), false
			continue
		}
		for word := range strings.FieldsSeq(line) {
			last := len(lines) - 1
			if open && len(lines[last])+1+len(word) <= helpWidth {
				lines[last] += " " + word
				continue
			}
			lines, open = append(lines, word), true
		}
	}
	return strings.Join(lines, "\n")
}
