//go:build unix

// Package cputime says what a process has used of its processors: on a machine that others use as
// well that says more than the time that has passed.
package cputime

import (
	"syscall"
	"time"
)

// Used is what this process has used, in user mode and in the kernel.
func Used() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
