package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
)

// Whatever an argument is, the error that repeats it is one short line that does nothing to a
// terminal.
func TestErrorsRepeatLittle(t *testing.T) {
	for _, odd := range []string{
		strings.Repeat("x", 100_000), strings.Repeat("\x1b[2J\u202e\x00\xff\n", 1000), "a\nb\x07",
	} {
		for _, args := range [][]string{
			{odd}, {"help", odd}, {"history", odd}, {"history", "--last", odd}, {"history", "--from=" + odd},
			{"history", "--last", "1h", "--label", odd}, {"history", "--last", "1h", "--format", odd},
			{"history", "--last", "1h", "--granularity", odd}, {"history", "--" + odd},
			{"history", "--last", "1h", "--db", odd}, {"history", "-" + odd}, {"backup", "--db", odd, odd},
			{"import", odd, "--db", odd}, {"maintain", "--max-size=" + odd}, {"serve", "--listen", odd},
		} {
			var stderr bytes.Buffer
			root := newRoot()
			root.SetOut(&bytes.Buffer{})
			root.SetErr(&stderr)
			if code := execute(t.Context(), root, args); code == exitOK {
				t.Errorf("%.40q: no error", args)
			}
			text := strings.TrimSuffix(stderr.String(), "\n")
			strange := strings.ContainsFunc(text,
				func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })
			if len(text) > 4000 || strange || strings.Count(text, "\n") > 3 {
				t.Errorf("%.60q: %d bytes: %.500q", args, len(text), text)
			}
		}
	}
}
