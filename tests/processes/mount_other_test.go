//go:build !linux

package processes

import (
	"errors"
	"os/exec"
	"testing"
)

// mustMount skips the test: processes have no mounts of their own here.
func mustMount(t *testing.T) {
	t.Helper()
	t.Skip("no mounts of its own for a process, which takes Linux")
}

func ownMounts(*exec.Cmd) {}

func (m mount) make() error { return errors.ErrUnsupported }
