package bench

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// counter returns a counter of what this process has written so far: wchar counts the bytes of its writes, write_bytes
// those of the pages that go to the disk.
func counter(b *testing.B, name string) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Skipf("no count of the bytes written: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		var n int64
		if _, err := fmt.Sscanf(line, name+": %d", &n); err == nil {
			return n
		}
	}
	b.Skipf("/proc/self/io has no %s", name)
	return 0
}

// BenchmarkBytesWritten records at 20 Hz with one commit a second and one pass of maintenance a minute, in the steady
// state: as much is deleted as is recorded. One operation is ten minutes of it.
func BenchmarkBytesWritten(b *testing.B) {
	for _, n := range []int{7, 200} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) {
			w := newWorld(b, n, service.Config{KeepRaw: 10 * time.Minute})
			minutes(b, w, 12)
			characters, disk, samples := counter(b, "wchar"), counter(b, "write_bytes"), 0
			for b.Loop() {
				samples += minutes(b, w, 10)
			}
			b.ReportMetric(float64(counter(b, "wchar")-characters)/float64(samples), "bytes/sample")
			b.ReportMetric(float64(counter(b, "write_bytes")-disk)/float64(samples), "disk-bytes/sample")
		})
	}
}

func minutes(b *testing.B, w *world, n int) (samples int) {
	b.Helper()
	for range n {
		for range 60 {
			samples += w.write(b, 20)
		}
		w.maintain(b)
	}
	return samples
}
