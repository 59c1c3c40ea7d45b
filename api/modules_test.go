package api

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// Each module of the page is in the file that the browser gets, once, and their names are unique.
func TestJoinModules(t *testing.T) {
	joined := string(joinModules(pageFiles, "page/main.js"))
	if strings.Contains(joined, "\nimport ") {
		t.Error("an import is left")
	}
	modules, err := fs.Glob(pageFiles, "page/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range modules {
		content, err := fs.ReadFile(pageFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(string(content), "\n")
		if n := strings.Count(joined, title+"\n"); n != 1 {
			t.Errorf("%s is there %d times", name, n)
		}
		if lines := strings.Count(string(content), "\n"); lines > 250 {
			t.Errorf("%s has %d lines: want one subject a file", name, lines)
		}
	}
	declared := regexp.MustCompile(
		`(?m)^(?:export )?(?:async )?(?:const|let|class|function\*?) (?:\[.*\]|\{.*\}|(\w+))`)
	seen := map[string]bool{}
	for _, match := range declared.FindAllStringSubmatch(joined, -1) {
		if name := match[1]; name != "" && seen[name] {
			t.Errorf("%s is declared twice", name)
		}
		seen[match[1]] = true
	}
}
