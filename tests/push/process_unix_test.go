//go:build unix

package push

import (
	"os/exec"
	"syscall"
)

// ownGroup lets a command be the first of a group of processes.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills all of its group.
func killGroup(command *exec.Cmd) { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
