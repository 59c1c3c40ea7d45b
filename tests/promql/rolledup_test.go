package promql

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/internal/filetest"
	product "github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// grids are where the windows of queries begin and end, by the tier that they can be answered from:
// whole seconds from raw samples, else whole buckets.
var grids = [...]time.Duration{
	service.Raw: time.Second, service.Minute: time.Minute, service.FiveMinutes: 5 * time.Minute,
	service.Hour: time.Hour,
}

// Whatever is recorded and however it has aged: over windows that begin and end with the buckets
// that are left, answers are those of Prometheus over the samples.
func TestBucketsAnswerLikeSamples(t *testing.T) {
	worlds, queries := 4, 250
	if filetest.Soak() {
		worlds, queries = 100, 1000
	}
	random := filetest.Random(t)
	for i := range worlds {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			w := newWorld(t, random, pick(random, policies...))
			w.record(time.Duration(30+random.IntN(40)) * time.Hour)
			t.Log(w)
			w.compareQueries(queries)
		})
	}
}

func (w *world) compareQueries(queries int) {
	engine := product.New(w.history, product.Options{})
	exactly, shifted := newOracle(w, 0), newOracle(w, time.Millisecond)
	floors := w.floors()
	compared, values := 0, 0
	for range queries {
		tier := service.Granularity(w.random.IntN(len(grids)))
		floor := int64(0) // below that of hours there is nothing, neither here nor there
		if tier != service.Hour {
			floor = max(floors[tier], w.floor)
		}
		q, d, ok := w.queryOn(grids[tier], floor)
		if !ok {
			continue
		}
		o := shifted
		if d.raw {
			o = exactly
		}
		want, wantNotes := o.ask(w.t, q)
		got, notes := w.askProduct(engine, q)
		problem := differ(got, want, d.exact)
		if problem == "" && !slices.Equal(notes, wantNotes) {
			problem = fmt.Sprintf("annotations %q, want %q", notes, wantNotes)
		}
		if problem != "" {
			w.t.Errorf("%s from %s until %s step %s: %s", q.expr, q.from.Format(time.RFC3339Nano),
				q.until.Format(time.RFC3339Nano), q.step, problem)
		}
		compared++
		for _, one := range want {
			values += len(one.Floats)
		}
	}
	w.t.Logf("%d queries, %d values", compared, values)
	if compared < queries/3 || values < queries {
		w.t.Errorf("%d queries with %d values were compared, which proves little", compared, values)
	}
}

// askProduct returns the answer, and its annotations.
func (w *world) askProduct(engine *product.Engine, q query) (upstream.Matrix, []string) {
	w.t.Helper()
	var result *product.Result
	var err error
	if q.step == 0 {
		result, err = engine.Instant(w.t.Context(), q.expr, q.from, product.Settings{})
	} else {
		result, err = engine.Range(w.t.Context(), q.expr, q.from, q.until, q.step, product.Settings{})
	}
	if err != nil {
		w.t.Fatalf("%s: %v", q.expr, err)
	}
	defer result.Close()
	return copied(w.t, result.Value), sorted(result.Warnings, result.Infos)
}

// differ says how an answer differs from the right one, "" if it does not. Terms of a sum may come
// in another order.
func differ(got, want upstream.Matrix, exact bool) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d series, want %d: %.1000v, want %.1000v", len(got), len(want), got, want)
	}
	for i, one := range got {
		if one.Metric.String() != want[i].Metric.String() || len(one.Floats) != len(want[i].Floats) {
			return fmt.Sprintf("%.1000v, want %.1000v", one, want[i])
		}
		for j, point := range one.Floats {
			expected := want[i].Floats[j]
			if point.T != expected.T || !near(point.F, expected.F, exact) {
				return fmt.Sprintf("%s at %s is %v, want %v of %s", one.Metric,
					time.UnixMilli(point.T).UTC().Format(time.RFC3339Nano), point.F, expected.F,
					time.UnixMilli(expected.T).UTC().Format(time.RFC3339Nano))
			}
		}
	}
	return ""
}

func near(got, want float64, exact bool) bool {
	switch {
	case math.IsNaN(want):
		return math.IsNaN(got)
	case exact || got == want:
		return got == want
	}
	const relative, absolute = 1e-12, 1e-9
	return math.Abs(got-want) <= relative*math.Abs(want)+absolute
}
