package load

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// mostWAL is what the WAL may grow to: its limit of 16 MiB, and what is written until the readers of the moment have ended.
	mostWAL = 128 << 20

	// slackMemory is what the memory may grow by from the second quarter of the load to the last: the garbage of a scan more.
	slackMemory = 64 << 20
)

// watcher looks at the file and the process from time to time.
type watcher struct {
	wg sync.WaitGroup
	measured
}

// measured is what it has seen.
type measured struct {
	wal, file   int64 // largest sizes
	heap, rss   []int64
	longestStep time.Duration
	stepName    string
	queue       int // the most samples that have waited
	goroutines  int
}

func (w *world) watch(t *testing.T) *watcher {
	t.Helper()
	watcher := &watcher{}
	watcher.wg.Go(func() {
		ticker := time.NewTicker(w.length / 400)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				watcher.look(w)
			case <-w.stop:
				return
			}
		}
	})
	return watcher
}

func (m *measured) look(w *world) {
	m.wal = max(m.wal, size(w.path+"-wal"))
	m.file = max(m.file, size(w.path))
	status := w.writer.Status()
	m.queue = max(m.queue, status.QueueDepth)
	if pass := status.LastPass; pass.LongestStep > m.longestStep {
		m.longestStep, m.stepName = pass.LongestStep, pass.LongestName
	}
	m.goroutines = max(m.goroutines, runtime.NumGoroutine())
	m.heap = append(m.heap, heapInUse())
	m.rss = append(m.rss, residentSize())
}

func (w *watcher) wait() *measured {
	w.wg.Wait()
	return &w.measured
}

func (m *measured) String() string {
	return fmt.Sprintf("WAL up to %.1f MiB, file up to %.1f MiB, queue up to %d; heap %s, RSS %s (first to last quarter); up to %d goroutines",
		mib(m.wal), mib(m.file), m.queue, quarters(m.heap), quarters(m.rss), m.goroutines)
}

// check fails the test if the WAL or the memory have grown with the time.
func (m *measured) check(t *testing.T) {
	t.Helper()
	if m.wal > mostWAL {
		t.Errorf("the WAL had up to %.1f MiB, want %d at most", mib(m.wal), mostWAL>>20)
	}
	for name, list := range map[string][]int64{"heap": m.heap, "RSS": m.rss} {
		if early, late := quarter(list, 1), quarter(list, 3); late > early+early/2+slackMemory {
			t.Errorf("%s grew from %.1f to %.1f MiB", name, mib(early), mib(late))
		}
	}
}

func quarters(list []int64) string {
	var parts []string
	for i := range 4 {
		parts = append(parts, fmt.Sprintf("%.0f", mib(quarter(list, i))))
	}
	return strings.Join(parts, " ") + " MiB"
}

// quarter is the median of one quarter of the measurements.
func quarter(list []int64, i int) int64 {
	part := slices.Sorted(slices.Values(list[len(list)*i/4 : len(list)*(i+1)/4]))
	if len(part) == 0 {
		return 0
	}
	return part[len(part)/2]
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// heapInUse is what the heap holds, without stopping anybody.
func heapInUse() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// residentSize is the memory of the process, 0 where the system does not tell.
func residentSize() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var total, resident int64
	if _, err := fmt.Sscan(string(text), &total, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}
