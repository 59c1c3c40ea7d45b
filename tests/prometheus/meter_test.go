package prometheus

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// meter adds up what the work that it runs costs this process.
type meter struct {
	cpu     time.Duration
	written int64 // bytes handed to write(2)
}

func (m *meter) run(b *testing.B, work func()) {
	b.Helper()
	writtenBefore, cpuBefore := written(b), cpuTime(b)
	work()
	m.cpu += cpuTime(b) - cpuBefore
	m.written += written(b) - writtenBefore
}

// cpuTime is the processor time that this process has used, in user mode and in the kernel.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// written is how many bytes this process has handed to write(2). Unlike what reaches the disk that
// is the same in every run.
func written(b *testing.B) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Skipf("no count of the bytes written: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		var n int64
		if _, err := fmt.Sscanf(line, "wchar: %d", &n); err == nil {
			return n
		}
	}
	b.Skip("/proc/self/io has no wchar")
	return 0
}
