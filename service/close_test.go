package service_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

func TestCloseDrainsRollsUpAndCheckpoints(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t,
			service.Config{DBPath: path, CommitInterval: time.Hour, QueueSize: 30_000,
				CommitSamples: 30_000}, quiet())
		w.Record(run(rtt(t, w), 25_000, time.Now(), time.Second)...)
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.Status().Accepted; got != 25_000 {
			t.Errorf("%d samples accepted, want all", got)
		}
		if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the WAL is still there (%v)", err)
		}
		complete := time.Now().Add(-10 * time.Second).UTC()
		for granularity, bucket := range map[string]time.Duration{"1m": time.Minute,
			"5m": 5 * time.Minute, "1h": time.Hour} {
			if got := watermark(t, path, granularity); !got.Equal(complete.Truncate(bucket)) {
				t.Errorf("watermark of %s is %s, want %s", granularity, got, complete.Truncate(bucket))
			}
		}
	})
}

// The caller's patience ends the wait and the roll-up, never the drain.
func TestCloseInAHurry(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, CommitInterval: time.Hour}, quiet())
		w.Record(run(rtt(t, w), 100, time.Now(), time.Minute)...)
		closeHurriedly(t, w)
		if got := w.Status().Accepted; got != 100 {
			t.Errorf("%d samples accepted, want all", got)
		}
		if got := watermark(t, path, "1m"); got.Unix() != 0 {
			t.Errorf("watermark of 1m is %s, want that nothing was rolled up", got)
		}
	})
}

// After a job that is to go on later, what is due can be left for then.
func TestCloseWithoutRollUp(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, CommitInterval: time.Hour}, quiet())
		w.Record(run(rtt(t, w), 100, time.Now(), time.Minute)...)
		if err := w.CloseWithoutRollUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.Status().Accepted; got != 100 {
			t.Errorf("%d samples accepted, want all", got)
		}
		if got := watermark(t, path, "1m"); got.Unix() != 0 {
			t.Errorf("watermark of 1m is %s, want that nothing was rolled up", got)
		}
	})
}

// A second call waits for the same end, and all get the same answer.
func TestCloseTwice(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, quiet())
		if err != nil {
			t.Fatal(err)
		}
		w.Record(numbered(rtt(t, w), 1, 3)...)
		release := filetest.Lock(t, path)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		want(t, w.Close(impatient), context.DeadlineExceeded)

		first := w.Close(t.Context())
		want(t, first, service.ErrBusy)
		if first == nil || !strings.Contains(first.Error(), "3 samples are lost") {
			t.Errorf("got error %v, want one that says how many samples are lost", first)
		}
		want(t, w.Close(t.Context()), first)
		if got := w.Status().Dropped.QueueFull + w.Status().Dropped.Closed; got != 3 {
			t.Errorf("%d samples counted as dropped, want 3", got)
		}
		release()
	})
}

// Everybody who waits when a close cannot commit is told.
func TestCloseThatLosesSamplesAnswersEveryWait(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w, err := service.OpenWriter(t.Context(),
			service.Config{DBPath: path, QueueSize: 8, CommitSamples: 8}, quiet())
		if err != nil {
			t.Fatal(err)
		}
		s := rtt(t, w)
		release := filetest.Lock(t, path)
		results := make(chan error, 3)
		go func() { results <- w.Write(t.Context(), numbered(s, 1, 2)...) }()
		synctest.Wait() // its commit waits for the lock
		go func() { results <- w.Write(t.Context(), numbered(s, 3, 40)...) }()
		go func() { results <- w.Flush(t.Context()) }()
		synctest.Wait() // more than the queue has room for
		want(t, w.Close(t.Context()), service.ErrBusy)
		for range 3 {
			if err := <-results; err == nil {
				t.Error("a call that waited for lost samples succeeded")
			}
		}
		release()
	})
}

// After the close everything is refused, each call in its way.
func TestClosed(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	s := rtt(t, w)
	shut(t, w)
	before := filetest.Dump(t, path)

	want(t, w.Write(t.Context(), numbered(s, 1, 1)...), service.ErrClosed)
	want(t, w.Flush(t.Context()), service.ErrClosed)
	_, err := w.Maintain(t.Context())
	want(t, err, service.ErrClosed)
	_, err = w.Imports(t.Context())
	want(t, err, service.ErrClosed)
	w.Record(numbered(s, 1, 5)...)
	if diff := cmp.Diff(service.Dropped{Closed: 5}, w.Status().Dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, filetest.Dump(t, path)); diff != "" {
		t.Errorf("the file has changed (-before +after):\n%s", diff)
	}
}

// A hold that is given up waits until what was recorded through it is committed, also when the last
// hold goes meanwhile.
func TestCloseOfOneHoldWaitsForTheEnd(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		one := open(t, service.Config{DBPath: path, CommitInterval: time.Hour}, quiet())
		other := open(t, service.Config{DBPath: path}, quiet())
		release := filetest.Lock(t, path)
		one.Record(numbered(rtt(t, one), 1, 3)...)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		want(t, one.Close(impatient), context.DeadlineExceeded)
		ended := make(chan error, 2)
		go func() { ended <- other.Close(t.Context()) }()
		synctest.Wait() // it drains, and waits for the lock
		go func() { ended <- one.Close(t.Context()) }()
		synctest.Wait()
		if len(ended) > 0 {
			t.Errorf("a close has returned %v before anything was committed", <-ended)
		}
		release()
		after(10 * time.Second)
		for len(ended) > 0 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		if got := one.Status().Accepted; got != 3 {
			t.Errorf("%d samples accepted, want 3", got)
		}
	})
}
