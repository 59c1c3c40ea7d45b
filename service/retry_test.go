package service_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// stored returns the values of all raw samples, oldest first.
func stored(t *testing.T, path string) []float64 {
	t.Helper()
	var values []float64
	for _, row := range filetest.Query(t, path,
		"SELECT value FROM "+filetest.RawSamples+" ORDER BY ts, series_id") {
		values = append(values, row[0].(float64))
	}
	return values
}

// numbered returns samples with the values first to last, one a second, the last of them now.
func numbered(s *service.Series, first, last int) []service.Sample {
	var samples []service.Sample
	for i := first; i <= last; i++ {
		samples = append(samples,
			service.Sample{Series: s, Time: time.Now().Add(time.Duration(i) * time.Microsecond),
				Value: float64(i)})
	}
	return samples
}

// What could not be committed waits for the next commit, in its order and before what came later.
func TestFailedCommitIsTriedAgain(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		s := rtt(t, w)
		release := filetest.Lock(t, path)
		w.Record(numbered(s, 0, 2)...)
		// more than the interval and the busy timeout, less than another interval
		after(6500 * time.Millisecond)
		status := w.Status()
		if status.FailedCommits == 0 || status.Commits != 0 || status.QueueDepth != 3 {
			t.Errorf("%d commits have failed and %d succeeded, %d samples wait; want at least one, none, 3",
				status.FailedCommits, status.Commits, status.QueueDepth)
		}
		want(t, status.LastError, service.ErrBusy)

		w.Record(numbered(s, 3, 4)...)
		release()
		after(10 * time.Second)
		status = w.Status()
		if status.Accepted != 5 || status.Dropped.QueueFull != 0 {
			t.Errorf("%d accepted and %d dropped, want 5 and none", status.Accepted,
				status.Dropped.QueueFull)
		}
		if diff := cmp.Diff([]float64{0, 1, 2, 3, 4}, stored(t, path)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
	})
}

// A queue that is full keeps the newest samples: they say what is happening now.
func TestFullQueueDropsTheOldest(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		var log logged
		w := open(t, service.Config{DBPath: path, QueueSize: 8, CommitSamples: 8},
			service.Options{Logger: log.logger(), NoMaintenance: true})
		s := rtt(t, w)
		release := filetest.Lock(t, path)
		w.Record(numbered(s, 0, 7)...)
		synctest.Wait() // the commit has begun: it took these eight and waits for the lock
		w.Record(numbered(s, 8, 19)...)
		if got := w.Status().Dropped.QueueFull; got != 4 {
			t.Errorf("%d samples dropped while the commit waits, want 4", got)
		}
		after(30 * time.Second)
		if got := w.Status().Dropped.QueueFull; got != 12 {
			t.Errorf("%d samples dropped after the commit has failed, want 12", got)
		}
		release()
		after(10 * time.Second)
		if diff := cmp.Diff([]float64{12, 13, 14, 15, 16, 17, 18, 19}, stored(t, path)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{
			"WARN the queue is full, the oldest samples are dropped dropped=12",
			"INFO the queue has room again dropped=12",
		}, overflows(&log)); diff != "" {
			t.Errorf("logged (-want +got):\n%s", diff)
		}
	})
}

// overflows returns what was logged about the queue.
func overflows(log *logged) []string {
	var lines []string
	for _, line := range log.lines() {
		if strings.Contains(line, "queue") {
			lines = append(lines, line)
		}
	}
	return lines
}

// A queue that stays full has no room again only because nobody records for a while.
func TestOverflowIsLoggedOncePerTransition(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		var log logged
		w := open(t, service.Config{DBPath: path, QueueSize: 8, CommitSamples: 8},
			service.Options{Logger: log.logger(), NoMaintenance: true})
		s := rtt(t, w)
		for round := range 2 {
			release := filetest.Lock(t, path)
			for burst := range 3 {
				w.Record(numbered(s, 0, 11)...)
				after(13 * time.Second) // two commits fail
				if burst == 0 {
					if lines := overflows(&log); len(lines) != 1 || !strings.HasPrefix(lines[0], "WARN") {
						t.Errorf("round %d: logged %q, want one warning", round, lines)
					}
				}
			}
			if lines := overflows(&log); len(lines) != 0 {
				t.Errorf("round %d: logged %q while the queue was full all the time", round, lines)
			}
			release()
			after(13 * time.Second)
			if lines := overflows(&log); len(lines) != 1 || !strings.HasPrefix(lines[0], "INFO") {
				t.Errorf("round %d: logged %q, want that there is room again", round, lines)
			}
		}
	})
}

// A caller that waits for a sample hears that it was dropped.
func TestWriteOfADroppedSample(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, QueueSize: 8, CommitSamples: 8}, quiet())
		s := rtt(t, w)
		release := filetest.Lock(t, path)
		w.Record(numbered(s, 0, 7)...)
		synctest.Wait() // the commit waits for the lock
		result := make(chan error, 1)
		flushed := make(chan error, 1)
		go func() { result <- w.Write(t.Context(), numbered(s, 100, 101)...) }()
		synctest.Wait()
		go func() { flushed <- w.Flush(t.Context()) }()
		synctest.Wait()
		w.Record(numbered(s, 8, 14)...) // pushes out both of the Write, but not the mark of Flush
		synctest.Wait()
		select {
		case err := <-result:
			want(t, err, service.ErrDropped)
			if n := len(refusals(t, err)); n != 2 {
				t.Errorf("%d samples in the error, want 2: %v", n, err)
			}
		default:
			t.Error("Write still waits for samples that are gone")
		}
		w.Record(numbered(s, 15, 15)...)
		synctest.Wait()
		select {
		case err := <-flushed:
			want(t, err, service.ErrDropped)
		default:
			t.Error("Flush still waits for a mark that is gone")
		}
		if got := w.Status().Dropped.QueueFull; got != 2 {
			t.Errorf("%d samples dropped, want 2: a mark is no sample", got)
		}
		release()
		after(10 * time.Second)
	})
}

// A Write gets the failure of its commit, and its samples are not kept: the caller decides.
func TestWriteOfAFailedCommit(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		s := rtt(t, w)
		release := filetest.Lock(t, path)
		w.Record(numbered(s, 0, 1)...)
		want(t, w.Write(t.Context(), numbered(s, 2, 3)...), service.ErrBusy)
		release()
		write(t, w, numbered(s, 4, 4)...)
		if diff := cmp.Diff([]float64{0, 1, 4}, stored(t, path)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
	})
}
