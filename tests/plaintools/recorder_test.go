package plaintools

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

const (
	// pace is the time between two batches: no test waits for it, it only leaves room for other
	// processes, as a recorder that commits each second does.
	pace = 10 * time.Millisecond

	// patience is how long anything may take on a busy machine.
	patience = time.Minute
)

// recorder writes batch after batch, and maintains the file.
type recorder struct {
	writer *service.Writer
	batch  atomic.Int64 // whose time it is
	tell   func(tried, acked int) error
	gate   sync.Mutex // its holder has the recorder wait between two batches

	mu           sync.Mutex
	tried, acked int           // batches
	changed      chan struct{} // closed when they have
	err          error

	stopping, done chan struct{}
}

// openRecorder opens the file to go on after so many batches.
func openRecorder(
	ctx context.Context, path string, batches int, logger *slog.Logger,
) (*recorder, error) {
	r := &recorder{
		tried: batches, acked: batches,
		tell:     func(int, int) error { return nil },
		changed:  make(chan struct{}),
		stopping: make(chan struct{}), done: make(chan struct{}),
	}
	r.batch.Store(int64(batches))
	w, err := service.OpenWriter(ctx, service.Config{
		DBPath:  path,
		KeepRaw: 10 * time.Minute, Keep1m: 6 * time.Hour, Keep5m: 7 * time.Hour,
	}, service.Options{
		Logger:        logger,
		Now:           func() time.Time { return clock(int(r.batch.Load())) },
		TrustClock:    true,
		NoMaintenance: true, // the recorder does it by its own clock
	})
	r.writer = w
	return r, err
}

// run records until the recorder is stopped.
func (r *recorder) run(ctx context.Context) {
	defer close(r.done)
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		if err := r.record(ctx); err != nil {
			r.fail(err)
			return
		}
		select {
		case <-r.stopping:
			return
		case <-ticker.C:
		}
	}
}

// record writes the next batch, and maintains when it is time to.
func (r *recorder) record(ctx context.Context) error {
	r.gate.Lock()
	defer r.gate.Unlock()
	i := r.acked
	r.batch.Store(int64(i))
	samples, err := samplesOf(r.writer, plan(i))
	if err != nil {
		return err
	}
	if err := r.move(i+1, i); err != nil {
		return err
	}
	if err := untilFree(func() error { return r.writer.Write(ctx, samples...) }); err != nil {
		return err
	}
	if err := r.move(i+1, i+1); err != nil || i%maintainEvery != 0 {
		return err
	}
	return untilFree(func() error {
		_, err := r.writer.Maintain(ctx)
		return err
	})
}

// untilFree tries again while another process holds the file for longer than a writer waits:
// nothing was stored then.
func untilFree(try func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if !errors.Is(err, service.ErrBusy) || time.Now().After(deadline) {
			return err
		}
	}
}

// move notes how far the recorder is.
func (r *recorder) move(tried, acked int) error {
	r.mu.Lock()
	r.tried, r.acked = tried, acked
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	return r.tell(tried, acked)
}

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// progress is how many batches were begun and how many are in.
func (r *recorder) progress() (tried, acked int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tried, r.acked
}

// await waits until so many more batches are in.
func (r *recorder) await(t *testing.T, more int) {
	t.Helper()
	_, acked := r.progress()
	r.awaitBatch(t, acked+more)
}

// awaitBatch waits until so many batches are in.
func (r *recorder) awaitBatch(t *testing.T, batches int) {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		r.mu.Lock()
		acked, changed := r.acked, r.changed
		r.mu.Unlock()
		if acked >= batches {
			return
		}
		select {
		case <-changed:
		case <-r.done:
			t.Fatalf("the recorder ended after %d batches: %v", acked, r.err)
		case <-timeout.C:
			t.Fatalf("the recorder is at batch %d after %s, want %d", acked, patience, batches)
		}
	}
}

// stop ends the recorder after the batch under way and returns how many are in. The file stays
// open.
func (r *recorder) stop(t *testing.T) int {
	t.Helper()
	close(r.stopping)
	<-r.done
	if r.err != nil {
		t.Errorf("the recorder: %v", r.err)
	}
	_, acked := r.progress()
	return acked
}
