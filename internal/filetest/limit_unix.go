//go:build unix

package filetest

import (
	"os/signal"
	"syscall"
	"testing"
)

// A write beyond the limit raises a signal that ends the process; where it is ignored, the write
// fails. Not in Limit, because the runtime does not like to be asked for the first time in a test
// with simulated time.
func init() { signal.Ignore(syscall.SIGXFSZ) } //nolint:gochecknoinits // see above

// Limit lets no file of this process grow beyond a size, as a full disk would, until release is
// called. The package calls NoTestLog from its TestMain.
func Limit(t testing.TB, bytes uint64) (release func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limited := before
	set(&limited.Cur, bytes)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
	}
}

// set is for numbers that each system has in a type of its own.
func set[N int64 | uint64](number *N, to uint64) { *number = N(to) }
