package media

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// traced runs what a child does with a system call that fails on one path, and skips the test where
// that cannot be had.
func traced(
	t *testing.T, what, path, on, calls, failure string,
) (said string, injected int, err error) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	trace := []string{"strace", "-f", "-qq", "-o", log, "-P", on, "-e", "trace=" + calls, "-e",
		"inject=" + calls + ":error=" + failure}
	if out, err := exec.CommandContext(t.Context(), trace[0],
		append(trace[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no strace to be had here: %v %s", err, out)
	}
	out, err := child(t, what, path, trace...).CombinedOutput()
	text, readErr := os.ReadFile(log)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(out), strings.Count(string(text), "(INJECTED)"), err
}

// A filesystem that cannot bring the names in a directory to the disk keeps histories all the same:
// they are made, backed up and moved aside there.
func TestDirectoryThatCannotBeSynced(t *testing.T) {
	for _, failure := range []string{"EINVAL", "ENOTSUP", "ENOSYS"} {
		t.Run(failure, func(t *testing.T) {
			directory := t.TempDir()
			said, injected, err := traced(t, "life", filepath.Join(directory, "history.db"), directory,
				"fsync,fdatasync", failure)
			if err != nil {
				t.Errorf("%v: %s", err, said)
			}
			const least = 4 // two new WALs, a backup, a file moved aside
			if injected < least {
				t.Errorf("%d calls have failed, want %d at least", injected, least)
			}
		})
	}
}

// One that fails to is a broken disk.
func TestDirectoryThatFailsToSync(t *testing.T) {
	directory := t.TempDir()
	said, _, err := traced(t, "life", filepath.Join(directory, "history.db"), directory,
		"fsync,fdatasync", "EIO")
	if err == nil || !strings.Contains(said, "input/output error") {
		t.Errorf("%v: %s, want the error of the disk", err, said)
	}
}
