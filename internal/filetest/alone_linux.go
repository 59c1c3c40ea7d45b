package filetest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// inChild says that a test runs in a process of its own.
const inChild = "WANSTORE_TEST_ALONE"

// Alone says that this process is the test's own. Any other one starts that, waits for its end, and
// fails or skips the test as that does. Its mounts, which take root, are seen by nobody else, and
// go with it.
func Alone(t *testing.T, mounts bool) bool {
	t.Helper()
	if os.Getenv(inChild) != "" {
		return true
	}
	pattern := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run="+pattern)
	command.Env = append(os.Environ(), inChild+"=1")
	if mounts {
		if os.Geteuid() != 0 {
			t.Skip("mounts take root")
		}
		command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	}
	output, err := command.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM):
		t.Skipf("no mounts of its own for a process: %v", err)
	case err != nil:
		t.Errorf("%v: %s", err, output)
	case strings.Contains(string(output), "--- SKIP: "+t.Name()+" "):
		t.Skipf("%s", output)
	}
	return false
}
