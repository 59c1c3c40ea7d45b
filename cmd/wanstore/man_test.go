package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Each command has a man page, as make man writes it, which the tools that show pages take, and in
// which all flags are.
func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man")
	const stamp = "-X github.com/wanstore/wanstore/internal/version."
	build := exec.CommandContext(t.Context(), "go", "run", "-tags", "man",
		"-ldflags", stamp+"version=1.2.3 "+stamp+"date=2026-11-30T03:12:45Z", ".", dir)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	root := newRoot()
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Hidden {
			continue
		}
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		t.Run(name, func(t *testing.T) { checkPage(t, filepath.Join(dir, name), cmd) })
	}
}

func checkPage(t *testing.T, path string, cmd *cobra.Command) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head := strings.TrimSuffix(filepath.Base(path), ".1")
	head = `.TH "` + strings.ReplaceAll(strings.ToUpper(head), "-", `\-`) +
		`" "1" "2026-11-30" "wanstore 1.2.3" "User Commands"` + "\n"
	if !strings.HasPrefix(string(page), head) {
		t.Errorf("it begins with %.100q", page)
	}
	for _, section := range []string{
		"NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "EXIT STATUS",
	} {
		if !strings.Contains(string(page), "\n.SH "+section+"\n") {
			t.Errorf("no section %s", section)
		}
	}
	shown := shownPage(t, path)
	for _, name := range flagNames(cmd) {
		if !strings.Contains(shown, name) {
			t.Errorf("no flag %s", name)
		}
	}
	for example := range strings.Lines(cmd.Example) {
		if !strings.Contains(shown, strings.TrimSpace(example)) {
			t.Errorf("no example %q", example)
		}
	}
}

// shownPage returns a page as people read it.
func shownPage(t *testing.T, path string) string {
	t.Helper()
	if mandoc, err := exec.LookPath("mandoc"); err == nil {
		if output, err := exec.CommandContext(t.Context(), mandoc, "-Tlint", "-Wwarning",
			path).CombinedOutput(); err != nil {
			t.Errorf("mandoc: %v\n%s", err, output)
		}
	}
	man, err := exec.LookPath("man")
	if err != nil {
		t.Skip("there is no man here")
	}
	show := exec.CommandContext(t.Context(), man, "--warnings", "-l", path)
	show.Env = append(os.Environ(), "MANWIDTH=200", "LC_ALL=C.UTF-8")
	var stderr bytes.Buffer
	show.Stderr = &stderr
	output, err := show.Output()
	if err != nil || stderr.Len() > 0 {
		t.Errorf("man: %v\n%s", err, stderr.String())
	}
	return string(output)
}
