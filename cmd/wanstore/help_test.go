package main

import (
	"strings"
	"testing"
)

// Each command says what it does in lines that fit, and shows how it is used.
func TestHelpOfEachCommand(t *testing.T) {
	root := newRoot()
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Hidden {
			continue
		}
		if cmd.Short == "" || cmd.Long == "" || cmd.Example == "" {
			t.Errorf("%s: short %q, long %q, example %q", cmd.CommandPath(), cmd.Short, cmd.Long,
				cmd.Example)
		}
		for line := range strings.SplitSeq(cmd.Long+"\n"+cmd.Example, "\n") {
			if len(line) > helpWidth {
				t.Errorf("%s: a line of %d: %s", cmd.CommandPath(), len(line), line)
			}
		}
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			if !strings.HasPrefix(line, "  ") {
				t.Fatalf("%s: the example %q is not indented", cmd.CommandPath(), line)
			}
			for _, match := range commandLine.FindAllStringSubmatch(line[2:], -1) {
				checkCommandLine(t, "help of "+cmd.Name(), match[1])
			}
		}
	}
}

func TestFilled(t *testing.T) {
	word := strings.Repeat("x", 60)
	for text, want := range map[string]string{
		"":                        "",
		"\na\nb c\n":              "a b c",
		"a\n\nb\n  c\n  d\ne\nf":  "a\n\nb\n  c\n  d\ne f",
		word + " " + word + "\nb": word + "\n" + word + " b",
	} {
		if got := filled(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
