// Package update gives every test package below tests/ the flag -update, so that `go test
// ./tests/... -update` rewrites all golden files at once. A package without golden files imports it
// for the flag alone.
package update

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files with what the tests get")

// Requested says that golden files are to be rewritten. Where a machine judges the change, in CI,
// that fails the test: goldens that rewrite themselves pass with anything.
func Requested(tb testing.TB) bool {
	tb.Helper()
	if *update && os.Getenv("CI") != "" {
		tb.Fatal("-update is refused in CI: rewrite the golden files where somebody reads the difference")
	}
	return *update
}

// Golden compares text with a golden file line by line, or rewrites the file.
func Golden(tb testing.TB, path, got string) {
	tb.Helper()
	if Requested(tb) {
		Write(tb, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatalf("%v (go test ./tests/... -update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		tb.Errorf("%s (-want +got; go test ./tests/... -update rewrites it):\n%s", path, diff)
	}
}

// Write writes a golden file, if that changes it.
func Write(tb testing.TB, path, text string) {
	tb.Helper()
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, []byte(text)) {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
	tb.Logf("wrote %s", path)
}
