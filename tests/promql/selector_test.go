package promql

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	product "github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// At steps of a bucket, a selector has the mean or the most frequent state of the bucket that
// begins there, and nothing where that has no samples.
func TestSelectorsShowTheirBucket(t *testing.T) {
	random := filetest.Random(t)
	w := newWorld(t, random, policy{time.Hour, 6 * time.Hour, 24 * time.Hour, 7})
	w.record(40 * time.Hour)
	w.maintain()
	engine := product.New(w.history, product.Options{})
	spans := w.tiers()
	for tier := service.Minute; tier <= service.Hour; tier++ {
		grid := grids[tier]
		first := spans[tier].From
		if first.Before(w.start) {
			first = w.start
		}
		first = first.Truncate(time.Hour).Add(time.Hour)
		for i, kind := range w.kinds {
			q := query{expr: kind.selector(), from: first, until: spans[tier].Until.Add(-grid), step: grid}
			w.checkSelector(engine, i, q)
		}
	}
}

func (w *world) checkSelector(engine *product.Engine, series int, q query) {
	w.t.Helper()
	matrix, notes := w.askProduct(engine, q)
	if len(matrix) > 1 || len(notes) > 0 {
		w.t.Fatalf("%s: %d series, annotations %q", q.expr, len(matrix), notes)
	}
	got := map[int64]float64{}
	for _, one := range matrix {
		for _, point := range one.Floats {
			got[point.T] = point.F
		}
	}
	for at := q.from; !at.After(q.until); at = at.Add(q.step) {
		samples := w.window(series, at.UnixMilli(), at.Add(q.step).UnixMilli())
		value, ok := got[at.UnixMilli()]
		if ok != (len(samples) > 0) {
			w.t.Errorf("%s at %s step %s: value %v of %d samples", q.expr, at, q.step, ok, len(samples))
			continue
		}
		if ok && !near(value, middle(samples, w.kinds[series].states != nil), false) {
			w.t.Errorf("%s at %s step %s is %v of %v", q.expr, at, q.step, value, samples)
		}
	}
}

// middle is the mean of samples in their order, or the most frequent one, the larger of a tie.
func middle(samples []float64, state bool) float64 {
	var sum, mode float64
	most, same := 0, 0
	for i, value := range samples {
		sum += value
		if i == 0 || value != samples[i-1] {
			same = 0
		}
		if same++; same >= most {
			mode, most = value, same
		}
	}
	if state {
		return mode
	}
	return sum / float64(len(samples))
}
