package processes

import (
	"os/exec"
	"syscall"
	"testing"
)

// mustMount skips a test where processes cannot have mounts of their own.
func mustMount(t *testing.T) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "true")
	ownMounts(command)
	if err := command.Run(); err != nil {
		t.Skipf("no mounts of its own for a process, which takes root: %v", err)
	}
}

// ownMounts gives a process mounts that nobody else sees.
func ownMounts(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
}

func (m mount) make() error {
	return syscall.Mount(m.From, m.At, "", syscall.MS_BIND, "")
}
