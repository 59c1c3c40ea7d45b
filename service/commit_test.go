package service_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// after lets simulated time pass and then everything that it has set off come to rest.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func commits(t *testing.T, w *service.Writer, want int64) {
	t.Helper()
	if got := w.Status().Commits; got != want {
		t.Errorf("%d commits, want %d", got, want)
	}
}

func TestCommitInterval(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, CommitInterval: 2 * time.Second}, quiet())
		s := rtt(t, w)

		after(time.Hour)
		commits(t, w, 0) // nothing was recorded

		w.Record(service.Sample{Series: s, Time: time.Now(), Value: 1})
		after(1500 * time.Millisecond)
		w.Record(service.Sample{Series: s, Time: time.Now(), Value: 2})
		after(499 * time.Millisecond)
		commits(t, w, 0)
		// the first sample has waited for long enough, and takes the second with it
		after(time.Millisecond)
		commits(t, w, 1)
		if depth := w.Status().QueueDepth; depth != 0 {
			t.Errorf("%d samples still wait", depth)
		}

		after(time.Hour)
		commits(t, w, 1)
		w.Record(service.Sample{Series: s, Time: time.Now(), Value: 3})
		after(2 * time.Second)
		commits(t, w, 2)
	})
}

func TestCommitAtSamples(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, CommitInterval: time.Hour, CommitSamples: 5}, quiet())
		s := rtt(t, w)
		w.Record(run(s, 4, time.Now(), time.Second)...)
		synctest.Wait()
		commits(t, w, 0)
		w.Record(service.Sample{Series: s, Time: time.Now().Add(time.Second), Value: 1})
		synctest.Wait()
		commits(t, w, 1)

		w.Record(run(s, 12, time.Now().Add(30*time.Second), time.Second)...)
		synctest.Wait()
		commits(t, w, 2) // all that is there goes in one
		if status := w.Status(); status.Accepted != 17 || status.QueueDepth != 0 {
			t.Errorf("%d samples accepted and %d waiting, want 17 and none", status.Accepted,
				status.QueueDepth)
		}
	})
}

// What does not fit in one commit does not wait for the next interval either, down to what would
// have waited anyway.
func TestCommitOfMoreThanABatch(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, CommitInterval: time.Minute, CommitSamples: 1000},
			quiet())
		w.Record(run(rtt(t, w), 20_500, time.Now(), time.Millisecond)...)
		synctest.Wait()
		if status := w.Status(); status.Accepted < 20_000 {
			t.Errorf("%d samples accepted at once, want two batches", status.Accepted)
		}
		after(time.Minute)
		if status := w.Status(); status.Accepted != 20_500 {
			t.Errorf("%d samples accepted after the interval, want all", status.Accepted)
		}
	})
}

// Write and Flush do not wait for the interval.
func TestWriteAndFlushCommitAtOnce(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, CommitInterval: time.Hour}, quiet())
		s := rtt(t, w)
		start := time.Now()
		write(t, w, service.Sample{Series: s, Time: start, Value: 1})
		commits(t, w, 1)
		w.Record(service.Sample{Series: s, Time: start.Add(time.Second), Value: 1})
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		commits(t, w, 2)
		if took := time.Since(start); took != 0 {
			t.Errorf("took %s of simulated time", took)
		}
	})
}
