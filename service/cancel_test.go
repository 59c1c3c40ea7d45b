package service_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

var errImpatient = errors.New("no patience left")

// impatient returns a context that is done after a second, for a reason of its own.
func impatient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
	t.Cleanup(cancel)
	return ctx
}

// A caller that goes away takes nobody's commit with it, not even its own.
func TestCancelledWaits(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		s := rtt(t, w)
		release := filetest.Lock(t, path)
		results := make(chan error, 1)
		w.Record(numbered(s, 0, 0)...)
		start := time.Now()
		go func() { results <- w.Write(t.Context(), numbered(s, 1, 1)...) }()
		want(t, w.Write(impatient(t), numbered(s, 2, 2)...), errImpatient)
		want(t, w.Flush(impatient(t)), errImpatient)
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("took %s", took)
		}
		release()
		if err := <-results; err != nil {
			t.Errorf("the patient call got error %v", err)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]float64{0, 1, 2}, stored(t, path)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
	})
}

// A call whose context is done before there is room for its samples takes none of the room.
func TestCancelledWaitForRoom(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, QueueSize: 4, CommitSamples: 4}, quiet())
		s := rtt(t, w)
		release := filetest.Lock(t, path)
		w.Record(numbered(s, 0, 3)...)
		synctest.Wait() // they are on their way, and the queue is empty
		w.Record(numbered(s, 4, 7)...)
		want(t, w.Write(impatient(t), numbered(s, 8, 8)...), errImpatient)
		want(t, w.Flush(impatient(t)), errImpatient)
		release()
		if err := w.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]float64{0, 1, 2, 3, 4, 5, 6, 7}, stored(t, path)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
	})
}

// More samples than the queue has room for go through it in parts, and none is dropped for another.
func TestWriteOfMoreThanTheQueue(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, QueueSize: 10, CommitSamples: 10}, quiet())
		s := rtt(t, w)
		results := make(chan error, 3)
		for i := range 3 {
			go func() { results <- w.Write(t.Context(), numbered(s, 1000*i, 1000*i+104)...) }()
		}
		for range 3 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if status := w.Status(); status.Accepted != 315 || status.Dropped.QueueFull != 0 {
			t.Errorf("%d accepted and %d dropped, want 315 and none", status.Accepted,
				status.Dropped.QueueFull)
		}
	})
}

// A call for the goroutine of the writer gives up waiting, too.
func TestCancelledMaintainAndImports(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		release := filetest.Lock(t, path)
		w.Record(numbered(rtt(t, w), 0, 0)...)
		flushed := make(chan error, 1)
		go func() { flushed <- w.Flush(t.Context()) }()
		synctest.Wait() // the goroutine waits for the lock
		_, err := w.Imports(impatient(t))
		want(t, err, errImpatient)
		release()
		if err := <-flushed; err != nil {
			t.Error(err)
		}
	})
}
