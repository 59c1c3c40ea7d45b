package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	codeSpan   = regexp.MustCompile("`(wanstore [^`]+)`")
	// commandLine is a call of this program, up to the end of its part of a pipeline.
	commandLine = regexp.MustCompile(`(?m)(?:^|[|)] |sudo )(wanstore (?:'[^']*'|[^|#\n])*)`)
)

// The documents name only commands and flags that exist.
func TestCommandLinesOfDocuments(t *testing.T) {
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, path := range append(paths, "../../README.md") {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandLines(string(content)) {
			checkCommandLine(t, path, line)
			checked++
		}
	}
	if checked < 50 {
		t.Errorf("only %d command lines were found", checked)
	}
}

// commandLines returns the calls of this program in a document, in its shell blocks and its text.
func commandLines(text string) []string {
	var lines []string
	for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
		for _, match := range commandLine.FindAllStringSubmatch(block[1], -1) {
			lines = append(lines, match[1])
		}
	}
	for _, match := range codeSpan.FindAllStringSubmatch(shellBlock.ReplaceAllString(text, ""), -1) {
		lines = append(lines, match[1])
	}
	return lines
}

func checkCommandLine(t *testing.T, path, line string) {
	t.Helper()
	root := newRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	words := strings.Fields(line)[1:]
	command, _, err := root.Find(words)
	if err != nil || command == root && !strings.HasPrefix(words[0], "-") {
		t.Errorf("%s: %s: no such command", path, line)
		return
	}
	for _, word := range words {
		if word == "--" {
			break // no flags follow
		}
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && !hasFlag(command, name) {
			t.Errorf("%s: %s: no flag --%s", path, line, name)
		}
	}
}

func hasFlag(command *cobra.Command, name string) bool {
	return name == "help" || name == "version" || command.Flags().Lookup(name) != nil ||
		command.InheritedFlags().Lookup(name) != nil
}
