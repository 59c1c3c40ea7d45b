package promql

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	product "github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// sketchBound is how far the middle of a bin of a sketch is from a sample in it, relatively.
const sketchBound = 0.0109

// Quantiles over buckets are near the samples that have them, and of states exactly these. Over raw
// samples they are exact.
func TestQuantilesAreNearSamples(t *testing.T) {
	random := filetest.Random(t)
	w := newWorld(t, random, pick(random, policies...))
	w.record(50 * time.Hour)
	engine := product.New(w.history, product.Options{})
	exactly := newOracle(w, 0)
	floors := w.floors()
	for range 200 {
		tier := service.Granularity(random.IntN(len(grids)))
		d := &drawing{random: random, grid: grids[tier], raw: tier == service.Raw}
		floors[tier] = max(floors[tier], w.floor)
		rank := pick(random, 0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1)
		window := d.span(12)
		q := query{step: d.span(4)}
		first := time.UnixMilli(max(floors[tier], w.start.UnixMilli())).Add(window).UTC()
		first = first.Truncate(time.Hour).Add(time.Hour)
		if d.raw {
			first = first.Add(170 * time.Millisecond)
		}
		if !first.Before(w.end) {
			continue
		}
		q.from = first.Add(time.Duration(random.Int64N(int64(w.end.Sub(first)/d.grid)+1)) * d.grid)
		q.until = q.from.Add(20 * q.step)
		metric := pick(random, service.RTT, "load", service.State)
		q.expr = fmt.Sprintf("quantile_over_time(%v, %s[%s])", rank, metric, text(window))
		if d.raw {
			want, _ := exactly.ask(t, q)
			got, _ := w.askProduct(engine, q)
			if problem := differ(got, want, false); problem != "" {
				t.Errorf("%s from %s step %s: %s", q.expr, q.from, q.step, problem)
			}
			continue
		}
		w.checkQuantiles(engine, q, metric, rank, window)
	}
}

// checkQuantiles wants a value wherever a window has samples, and near the quantile of these.
func (w *world) checkQuantiles(
	engine *product.Engine, q query, metric string, rank float64, window time.Duration,
) {
	w.t.Helper()
	got := map[string]map[int64]float64{}
	matrix, _ := w.askProduct(engine, q)
	for _, one := range matrix {
		values := map[int64]float64{}
		for _, point := range one.Floats {
			values[point.T] = point.F
		}
		got[one.Metric.String()] = values
	}
	for i, one := range w.kinds {
		if one.metric != metric {
			continue
		}
		bound := sketchBound
		if one.states != nil {
			bound = 0
		}
		name := one.promLabels().MatchLabels(false, metricName).String()
		for at := q.from; !at.After(q.until); at = at.Add(q.step) {
			samples := w.window(i, at.Add(-window).UnixMilli(), at.UnixMilli())
			value, ok := got[name][at.UnixMilli()]
			if ok != (len(samples) > 0) {
				w.t.Errorf("%s of %s at %s: value %v of %d samples", q.expr, name, at, ok, len(samples))
			}
			if ok && len(samples) > 0 && !nearQuantile(samples, rank, value, bound) {
				w.t.Errorf("%s of %s at %s is %v of %d samples %v", q.expr, name, at, value, len(samples),
					samples[max(0, int(rank*float64(len(samples)))-3):])
			}
		}
	}
}

// window returns the values of a series in [from, until) that the file still counts, in their
// order.
func (w *world) window(series int, from, until int64) []float64 {
	var list []float64
	for _, s := range w.accepted {
		if s.series == series && s.millis >= max(from, w.floor) && s.millis < until {
			list = append(list, s.value)
		}
	}
	slices.Sort(list)
	return list
}

// nearQuantile says that a value is within a bound of the sample whose rank is q of all,
// or, where all samples are left, what Prometheus makes of the two around q of all but one.
func nearQuantile(samples []float64, q, value, bound float64) bool {
	of := samples[max(0, int(math.Ceil(q*float64(len(samples))))-1)]
	if math.Abs(value-of) <= bound*math.Abs(of) {
		return true
	}
	rank := q * float64(len(samples)-1)
	below, share := math.Modf(rank)
	above := samples[min(int(below)+1, len(samples)-1)]
	return near(value, samples[int(below)]*(1-share)+above*share, false)
}
