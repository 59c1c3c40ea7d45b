// Package procs says what another process uses, as Linux tells.
package procs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// CPU is what a process has used of processors, of all its threads: those of a Go program stay. It
// skips the test where the system does not tell.
func CPU(t testing.TB, pid int) (used time.Duration) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		t.Skipf("no processor time of another process: %v", err)
	}
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var nanoseconds int64
		if _, scanned := fmt.Sscan(string(stat), &nanoseconds); err != nil || scanned != nil {
			t.Fatal(errors.Join(err, scanned))
		}
		used += time.Duration(nanoseconds)
	}
	return used
}

// Peak is how much memory a process has had resident at the most, in MiB, since it began or since
// ForgetPeak. It skips the test where the system does not tell.
func Peak(t testing.TB, pid int) (mebibytes float64) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("no memory of another process: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		var kibibytes float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kibibytes); err == nil {
			return kibibytes / 1024
		}
	}
	return 0
}

// ForgetPeak lets Peak begin with what is resident now.
func ForgetPeak(t testing.TB, pid int) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		t.Skipf("cannot forget the peak of memory: %v", err)
	}
}
