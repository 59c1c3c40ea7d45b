// Package docs checks what the documents say: where their links lead, whether the Go in README.md
// compiles, that no setting is missing, and that tests and files exist. The command lines are
// checked in cmd/wanstore.
package docs

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/push"
	"github.com/wanstore/wanstore/service"
)

const root = "../.."

var (
	fence  = regexp.MustCompile("(?ms)^```.*?^```$")
	inline = regexp.MustCompile("`[^`]*`")
	target = regexp.MustCompile(`\]\(([^)\s]+)\)`)

	sourceFile   = regexp.MustCompile("`([a-z]+/[a-zA-Z/._-]+\\.(?:go|sql|sh|py|md))`")
	testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	testName     = regexp.MustCompile("(?:`([a-z/]+)` )?`((?:Test|Fuzz|Benchmark)[A-Z]\\w*\\*?)")
)

// Every relative link of every document leads to a file, and its anchor to a heading.
func TestLinks(t *testing.T) {
	for _, path := range files(t, ".md") {
		text := inline.ReplaceAllString(fence.ReplaceAllString(read(t, path), ""), "code")
		for _, match := range target.FindAllStringSubmatch(text, -1) {
			link := match[1]
			if strings.Contains(link, "://") {
				continue
			}
			name, anchor, _ := strings.Cut(link, "#")
			to := path
			if name != "" {
				to = filepath.Join(filepath.Dir(path), name)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: link %s: %v", path, link, err)
			} else if anchor != "" && !anchors(read(t, to))[anchor] {
				t.Errorf("%s: link %s: %s has no such heading", path, link, to)
			}
		}
	}
}

// Every document of docs/ can be reached from README.md.
func TestEveryDocumentIsListed(t *testing.T) {
	readme := read(t, filepath.Join(root, "README.md"))
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("documents %v, error %v", paths, err)
	}
	for _, path := range paths {
		if !strings.Contains(readme, "(docs/"+filepath.Base(path)+")") {
			t.Errorf("README.md has no link to docs/%s", filepath.Base(path))
		}
	}
}

// The program in README.md compiles.
func TestGoOfReadme(t *testing.T) {
	_, code, found := strings.Cut(read(t, filepath.Join(root, "README.md")), "```go\npackage main\n")
	code, _, closed := strings.Cut(code, "```")
	if !found || !closed {
		t.Fatal("README.md has no Go program")
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte("package main\n"+code), 0o600); err != nil {
		t.Fatal(err)
	}
	vet := exec.CommandContext(t.Context(), "go", "vet", file)
	vet.Dir = root
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// docs/OPERATING.md explains every environment variable.
func TestEveryVariableIsExplained(t *testing.T) {
	text := read(t, filepath.Join(root, "docs", "OPERATING.md"))
	for _, variable := range slices.Concat(service.Variables(), api.Variables(), push.Variables()) {
		if !strings.Contains(text, "\n| `"+variable.Name+"` |") {
			t.Errorf("docs/OPERATING.md does not explain %s", variable.Name)
		}
	}
}

// Every test, fuzz target and benchmark that a document names exists, in the package that is named
// right before it.
func TestNamedTestsExist(t *testing.T) {
	var tests []string // packages and names: repo TestPermissions
	for _, path := range files(t, "_test.go") {
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), root+"/")
		for _, match := range testFunction.FindAllStringSubmatch(read(t, path), -1) {
			tests = append(tests, folder+" "+match[1])
		}
	}
	for _, path := range files(t, ".md") {
		for _, match := range testName.FindAllStringSubmatch(read(t, path), -1) {
			pattern := `(^|/)` + match[1] + " " + match[2] + "$"
			if match[1] == "" {
				pattern = " " + match[2] + "$"
			}
			named := regexp.MustCompile(strings.ReplaceAll(pattern, "*", ".*"))
			if !slices.ContainsFunc(tests, named.MatchString) {
				t.Errorf("%s: there is no %s %s", path, match[1], match[2])
			}
		}
	}
}

// Every source file that a document names by its path exists.
func TestNamedFilesExist(t *testing.T) {
	for _, path := range files(t, ".md") {
		for _, match := range sourceFile.FindAllStringSubmatch(read(t, path), -1) {
			if _, err := os.Stat(filepath.Join(root, match[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// files lists the files of the project whose names end so.
func files(t *testing.T, suffix string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(path, suffix):
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf("files %v, error %v", paths, err)
	}
	return paths
}

// anchors returns the anchors that GitHub makes of the headings of a document.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(fence.ReplaceAllString(text, "")) {
		heading := strings.TrimLeft(line, "#")
		if heading == line || !strings.HasPrefix(heading, " ") {
			continue
		}
		anchor := strings.Map(anchorRune, strings.ToLower(strings.TrimSpace(heading)))
		unique := anchor
		for n := 1; found[unique]; n++ {
			unique = anchor + "-" + strconv.Itoa(n)
		}
		found[unique] = true
	}
	return found
}

func anchorRune(r rune) rune {
	switch {
	case r == ' ':
		return '-'
	case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
		return r
	}
	return -1
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
