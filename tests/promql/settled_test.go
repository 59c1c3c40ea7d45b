package promql

import (
	"sync"
	"testing"
	"time"

	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/internal/filetest"
	product "github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// What is asked of a span that is closed keeps its answers to the last bit, while a file is written
// and maintained beside the question.
func TestSettledAnswersStay(t *testing.T) {
	random := filetest.Random(t)
	w := newWorld(t, random, policy{time.Hour, 6 * time.Hour, 7 * 24 * time.Hour, 7})
	w.record(30 * time.Hour)
	w.maintain()
	settled := w.settled()
	engine := product.New(w.history, product.Options{})
	first := make([]upstream.Matrix, len(settled))
	for i, q := range settled {
		first[i], _ = w.askProduct(engine, q)
	}
	w.draw(24 * time.Hour)
	w.writeBeside(func(ended <-chan struct{}) {
		for rounds := 0; ; rounds++ {
			for i, q := range settled {
				now, _ := w.askProduct(engine, q)
				if problem := differ(now, first[i], true); problem != "" {
					t.Fatalf("in round %d, %s from %s step %s: %s", rounds, q.expr, q.from, q.step, problem)
				}
			}
			select {
			case <-ended:
				t.Logf("%d queries, %d rounds", len(settled), rounds+1)
				return
			default:
			}
		}
	})
}

// settled draws queries of what has been rolled up to the end, over buckets that stay for as long
// as the test goes on.
func (w *world) settled() (list []query) {
	until := w.tiers()[service.Hour].Until
	for len(list) < 40 {
		q, d, ok := w.queryOn(grids[pick(w.random, service.FiveMinutes, service.Hour)], 0)
		if w.random.IntN(5) == 0 && q.step > 0 {
			q.expr = pick(w.random, "wanctl_rtt_ms", "wanctl_state", "sum by (wan) (load)")
		}
		if ok && !q.until.Add(d.ahead).After(until) {
			list = append(list, q)
		}
	}
	return list
}

// writeBeside lets the day that was drawn pass while something is done, and tells it the end.
func (w *world) writeBeside(do func(ended <-chan struct{})) {
	ended := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		defer close(ended)
		for w.now().Before(w.end) {
			w.setClock(w.now().Add(7 * time.Minute))
			due := 0
			for due < len(w.waiting) && w.waiting[due].millis < w.now().UnixMilli() {
				due++
			}
			if err := w.writer.Write(w.t.Context(), w.samples(w.waiting[:due])...); err != nil {
				w.t.Errorf("write: %v", err)
				return
			}
			w.waiting = w.waiting[due:]
			if _, err := w.writer.Maintain(w.t.Context()); err != nil {
				w.t.Errorf("maintain: %v", err)
				return
			}
		}
	})
	defer writing.Wait()
	do(ended)
}
