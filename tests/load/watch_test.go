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
	// walLimit is the size of the WAL at which commits are held back, so that it can restart.
	walLimit = 16 << 20

	// slackMemory is what the memory may grow by from the second quarter of the load to the last:
	// the garbage of a scan more.
	slackMemory = 32 << 20
)

// watcher looks at the file and the process from time to time.
type watcher struct {
	wg sync.WaitGroup
	measured
}

// measured is what it has seen.
type measured struct {
	wal         []int64
	every       time.Duration // between two looks
	file        int64         // largest size
	heap, rss   []int64
	longestStep time.Duration
	stepName    string
	queue       int // the most samples that have waited
	goroutines  int
}

func (w *world) watch(t *testing.T) *watcher {
	t.Helper()
	watcher := &watcher{}
	watcher.every = w.length / 400
	watcher.wg.Go(func() {
		ticker := time.NewTicker(watcher.every)
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
	m.wal = append(m.wal, size(w.path+"-wal"))
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
	return fmt.Sprintf("WAL up to %.1f MiB, file up to %.1f MiB, queue up to %d; heap %s, RSS %s "+
		"(first to last quarter); up to %d goroutines",
		mib(slices.Max(m.wal)), mib(m.file), m.queue, quarters(m.heap), quarters(m.rss), m.goroutines)
}

// check fails the test if the WAL or the memory have grown with the time. The slowest scan took as
// long as it says.
func (m *measured) check(t *testing.T, slowest time.Duration) {
	t.Helper()
	if got, most := slices.Max(m.wal), m.mostWAL(slowest); got > most {
		t.Errorf("the WAL had up to %.1f MiB, want %.1f at most", mib(got), mib(most))
	}
	for name, list := range map[string][]int64{"heap": m.heap, "RSS": m.rss} {
		if early, late := quarter(list, 1), quarter(list, 3); late > early+early/4+slackMemory {
			t.Errorf("%s grew from %.1f to %.1f MiB", name, mib(early), mib(late))
		}
	}
}

// mostWAL is what the WAL may grow to: its limit and what is written during the slowest scan. Where
// commits were held back in vain, which is for less than twice the slowest scan, they go on for
// four times as long, and until the WAL has grown by its limit again.
func (m *measured) mostWAL(slowest time.Duration) int64 {
	const firstHold, longestHold = 2 * time.Second, 16 * time.Second
	most := walLimit + m.walGrowth(slowest)
	for hold := firstHold; hold < 2*slowest && hold <= longestHold; hold *= 2 {
		most += max(walLimit, m.walGrowth(4*hold))
	}
	return most
}

// walGrowth is the most by which the WAL has grown within a time.
func (m *measured) walGrowth(within time.Duration) (most int64) {
	looks := int(within/m.every) + 1
	for i, size := range m.wal {
		most = max(most, slices.Max(m.wal[i:min(i+looks+1, len(m.wal))])-size)
	}
	return most
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
