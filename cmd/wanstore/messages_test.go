package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What people are told when something is wrong: one line that names the thing and what would be
// right, and the exit code. The file is a transcript; UPDATE_SCRIPTS=1 writes it again.
func TestMessages(t *testing.T) {
	golden, err := filepath.Abs(filepath.Join("testdata", "messages.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	names := messageNames(t)
	var got strings.Builder
	for line := range strings.Lines(string(want)) {
		switch {
		case strings.HasPrefix(line, "$ "):
			t.Run(line, func(t *testing.T) {
				got.WriteString(line + transcript(t, line[2:], names))
			})
		case strings.HasPrefix(line, "#"):
			got.WriteString(strings.Repeat("\n", min(got.Len(), 1)) + line)
		}
	}
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// messageNames makes a folder of files to be wrong about, and returns what the names in the
// transcript stand for.
func messageNames(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("TZ", "UTC")
	for name, text := range map[string]string{
		"empty": "", "text": strings.Repeat("This is a letter. ", 100), "header.csv": "a,b\n1,2\n",
		"rows.csv": "timestamp_ms,wan,metric,labels_json,value\n1738231200000,w,wanctl_rtt_ms,{},1\n",
		"line.csv": "timestamp_ms,wan,metric,labels_json,value\n1738231200000,w,wanctl_rtt_ms,{},x\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	output(t, "import", "--db", "wan.db", "--now", "2025-01-30T10:30:00Z", "rows.csv")
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := taken.Close(); err != nil {
			t.Error(err)
		}
	})
	return map[string]string{"WORK": dir, "TAKEN": taken.Addr().String()}
}

// transcript runs a line, which may begin with assignments of variables, and returns what it says.
func transcript(t *testing.T, line string, names map[string]string) string {
	t.Helper()
	words := strings.Fields(os.Expand(line, func(name string) string { return names[name] }))
	for i, word := range words {
		words[i] = strings.ReplaceAll(strings.ReplaceAll(word, "''", ""), "~", " ")
	}
	for words[0] != "wanstore" {
		name, value, _ := strings.Cut(words[0], "=")
		t.Setenv(name, value)
		words = words[1:]
	}
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // of what goes on and should not
	defer cancel()
	code := execute(ctx, root, words[1:])
	said := stderr.String()
	for name, value := range names {
		said = strings.ReplaceAll(said, value, "$"+name)
	}
	return said + fmt.Sprintf("[%d]\n", code)
}
