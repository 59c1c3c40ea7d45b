package bench

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wanstore/wanstore/tests/internal/cputime"
)

// meter adds up what the work that it runs costs this process.
type meter struct {
	cpu           time.Duration
	written, disk int64 // bytes handed to write(2), and bytes of the pages that go to the disk
}

func (m *meter) run(b *testing.B, work func()) {
	b.Helper()
	writtenBefore, diskBefore := written(b)
	before := cputime.Used()
	work()
	m.cpu += cputime.Used() - before
	writtenAfter, diskAfter := written(b)
	m.written += writtenAfter - writtenBefore
	m.disk += diskAfter - diskBefore
}

func (m *meter) report(b *testing.B, samples int) {
	b.Helper()
	b.ReportMetric(float64(samples)/m.cpu.Seconds(), "samples/cpu-s")
	b.ReportMetric(float64(m.written)/float64(samples), "bytes/sample")
	b.ReportMetric(float64(m.disk)/float64(samples), "disk-bytes/sample")
}

// written is what this process has written so far, by the names of the kernel its wchar, which is
// the same in every run, and its write_bytes.
func written(b *testing.B) (wchar, disk int64) {
	b.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Skipf("no count of the bytes written: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		// Of a line with another name nothing is scanned.
		_, _ = fmt.Sscanf(line, "wchar: %d", &wchar)
		_, _ = fmt.Sscanf(line, "write_bytes: %d", &disk)
	}
	return wchar, disk
}

// stepMeter finds the step of maintenance that takes most processor time.
type stepMeter struct {
	mu            sync.Mutex
	last, longest time.Duration
}

func (s *stepMeter) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = cputime.Used()
}

// step is called after each step, by the goroutine of the writer.
func (s *stepMeter) step() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := cputime.Used()
	s.longest = max(s.longest, now-s.last)
	s.last = now
}
