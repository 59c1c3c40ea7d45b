package load

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// readers scan long ranges without a pause.
type readers struct {
	wg      sync.WaitGroup
	close   func() error
	scans   atomic.Int64
	points  atomic.Int64
	tooLong atomic.Int64 // scans that were given up: on a small machine eight readers are slow
	slowest atomic.Int64
}

// read starts n readers, which share a history as the requests of a server do. They end with the
// world.
func (w *world) read(t *testing.T, n int) *readers {
	t.Helper()
	r := &readers{}
	h, err := service.OpenHistory(t.Context(), w.path)
	if err != nil {
		t.Fatal(err)
	}
	r.close = h.Close
	for i := range n {
		r.wg.Go(func() {
			for round := i; ; round++ {
				select {
				case <-w.stop:
					return
				default:
					r.scan(t, h, w.query(round))
				}
			}
		})
	}
	return r
}

// query asks for everything, in one way after the other.
func (w *world) query(round int) service.Query {
	query := service.Query{From: w.begun.Add(-time.Hour), Until: w.now().Add(time.Hour)}
	switch round % 4 {
	case 1:
		query.Step = time.Minute
	case 2:
		query.Filter = service.Filter{Metrics: []string{service.State}}
	case 3:
		query.Step, query.NewestFirst = 10*time.Second, true
	}
	return query
}

func (r *readers) scan(t *testing.T, h *service.History, query service.Query) {
	t.Helper()
	start := time.Now()
	var points int64
	for _, err := range h.Range(t.Context(), query) {
		if errors.Is(err, service.ErrReadTooLong) {
			r.tooLong.Add(1)
			break
		}
		if err != nil {
			t.Errorf("read: %v", err)
			return
		}
		points++
	}
	r.scans.Add(1)
	r.points.Add(points)
	took := int64(time.Since(start))
	for old := r.slowest.Load(); took > old &&
		!r.slowest.CompareAndSwap(old, took); old = r.slowest.Load() {
		continue // another reader was faster to note its own
	}
}

func (r *readers) wait(t *testing.T) string {
	t.Helper()
	r.wg.Wait()
	if err := r.close(); err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("%d scans of %d points in all, %d too long, the slowest took %s",
		r.scans.Load(), r.points.Load(), r.tooLong.Load(),
		time.Duration(r.slowest.Load()).Round(time.Millisecond))
}
