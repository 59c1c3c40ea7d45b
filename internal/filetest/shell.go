package filetest

import (
	"fmt"
	"os/exec"
	"testing"
)

// The oldest shell of SQLite that is tried.
const oldestMajor, oldestMinor = 3, 40

// Shell returns the path of sqlite3, SQLite's own shell. It skips the test where there is none, or
// one that is too old.
func Shell(t testing.TB) string {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3, the shell of SQLite, is not there")
	}
	version, err := exec.CommandContext(t.Context(), program, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(version), "%d.%d", &major, &minor); err != nil {
		t.Fatalf("sqlite3 --version: %q: %v", version, err)
	}
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		t.Skipf("sqlite3 is %d.%d, older than %d.%d", major, minor, oldestMajor, oldestMinor)
	}
	return program
}
