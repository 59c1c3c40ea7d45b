package media

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// traced has a child live with system calls that fail, all of them or those on one path, and skips
// the test where that cannot be had.
func traced(
	t *testing.T, path, calls, failure string, on ...string,
) (said string, injected int, err error) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	trace := []string{"strace", "-f", "-qq", "-o", log, "-e", "trace=" + calls, "-e",
		"inject=" + calls + ":error=" + failure}
	for _, path := range on {
		trace = append(trace, "-P", path)
	}
	if out, err := exec.CommandContext(t.Context(), trace[0],
		append(trace[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no strace to be had here: %v %s", err, out)
	}
	out, err := child(t, "life", path, trace...).CombinedOutput()
	text, readErr := os.ReadFile(log)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(out), strings.Count(string(text), "(INJECTED)"), err
}

// A filesystem that cannot bring the names in a directory to the disk keeps histories all the same:
// they are made, backed up and moved aside there.
func TestDirectoryThatCannotBeSynced(t *testing.T) {
	for _, failure := range []string{"EINVAL", "EOPNOTSUPP", "ENOSYS"} {
		t.Run(failure, func(t *testing.T) {
			directory := t.TempDir()
			said, injected, err := traced(t, filepath.Join(directory, "history.db"),
				"fsync,fdatasync", failure, directory)
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
	said, _, err := traced(t, filepath.Join(directory, "history.db"),
		"fsync,fdatasync", "EIO", directory)
	if err == nil || !strings.Contains(said, "input/output error") {
		t.Errorf("%v: %s, want the error of the disk", err, said)
	}
}

// On a filesystem without permissions, or whose files belong to whoever has mounted it, histories
// are made, backed up and moved aside with those that the mount gives them.
func TestPermissionsThatCannotBeSet(t *testing.T) {
	for _, failure := range []string{"EPERM", "EOPNOTSUPP", "ENOSYS"} {
		t.Run(failure, func(t *testing.T) {
			said, injected, err := traced(t, filepath.Join(t.TempDir(), "history.db"),
				"fchmod,fchown", failure)
			if err != nil {
				t.Errorf("%v: %s", err, said)
			}
			const least = 4 // an index, a lock file, a backup, a new file
			if injected < least {
				t.Errorf("%d calls have failed, want %d at least", injected, least)
			}
		})
	}
}

// One that fails to set them is a broken disk.
func TestPermissionsThatFailToBeSet(t *testing.T) {
	said, _, err := traced(t, filepath.Join(t.TempDir(), "history.db"), "fchmod", "EIO")
	if err == nil || !strings.Contains(said, "input/output error") {
		t.Errorf("%v: %s, want the error of the disk", err, said)
	}
}
