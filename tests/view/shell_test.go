package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
)

// shell is SQLite's own shell, a process of its own for each question.
type shell struct {
	program string
	home    string // empty, so that nobody's settings count
}

// findShell skips the test where there is no shell.
func findShell(t *testing.T) shell {
	t.Helper()
	return shell{program: filetest.Shell(t), home: t.TempDir()}
}

// run returns what the shell prints. It has to succeed without a complaint.
func (s shell) run(t *testing.T, input string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), s.program, args...)
	command.Env = []string{"HOME=" + s.home}
	command.Stdin = strings.NewReader(input)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	printed, err := command.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("sqlite3 %q: %v: %s", args, err, complaints.String())
	}
	return string(printed)
}

// ask returns the rows of a statement. file is a path or a URI.
func (s shell) ask(t *testing.T, file, statement string, flags ...string) [][]any {
	t.Helper()
	args := slices.Concat(flags,
		[]string{"-batch", "-bail", "-json", "-cmd", ".timeout 5000", file, statement})
	return decode(t, s.run(t, "", args...))
}

// decode reads the shell's JSON, a list of objects, and keeps the order of the columns. No rows are
// no text.
func decode(t *testing.T, printed string) [][]any {
	t.Helper()
	tokens := json.NewDecoder(strings.NewReader(printed))
	tokens.UseNumber()
	var rows [][]any
	var cells []any
	key := false // a name comes before each value
	for {
		token, err := tokens.Token()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatalf("%v in %s", err, printed)
		}
		switch token {
		case json.Delim('['), json.Delim(']'):
		case json.Delim('{'):
			cells, key = []any{}, true
		case json.Delim('}'):
			rows = append(rows, cells)
		default:
			if !key {
				cells = append(cells, number(t, token))
			}
			key = !key
		}
	}
}

// number makes numbers of JSON those that a database has.
func number(t *testing.T, token any) any {
	t.Helper()
	text, ok := token.(json.Number)
	if !ok {
		return token
	}
	if whole, err := text.Int64(); err == nil {
		return whole
	}
	fraction, err := text.Float64()
	if err != nil {
		t.Fatal(err)
	}
	return fraction
}
