package recorded

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/internal/quantile"
	"github.com/wanstore/wanstore/service"
)

// bound is half the width of a bin, beside what the last digits of its bounds are off by.
var bound = math.Exp2(1.0/64) - 1 + 1e-12

// asked are the quantiles that people ask for, and the ends.
var asked = []float64{0, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1}

// Quantiles of what was recorded of a line, at 1 Hz, are within half a bin of the sample of that
// rank, whatever tier they come from. Its rates range from bytes to hundreds of megabits a second.
func TestStarlinkQuantiles(t *testing.T) {
	path, rows := read(t, "fjordlink_starlink.csv.gz")
	history := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		a := aging{t: t, now: rows[len(rows)-1].at.Add(2 * time.Hour)}
		a.open(history)
		defer a.close()
		a.fill(path, rows)
		if _, err := a.w.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, metric := range []string{service.RTT, service.RateDownload, service.RateUpload} {
			for g := service.Minute; g <= service.Hour; g++ {
				a.checkTier(metric, g, rows)
			}
			a.checkSummary(metric, rows)
		}
	})
}

// errorsOf are the largest errors of each quantile, as shares.
type errorsOf map[float64]float64

// compare compares a distribution with sorted samples.
func (e errorsOf) compare(t *testing.T, where string, d *service.Distribution, sorted []float64) {
	t.Helper()
	if d == nil {
		t.Fatalf("%s has no distribution", where)
	}
	for _, q := range asked {
		want := sorted[max(int(math.Ceil(q*float64(len(sorted)))), 1)-1]
		off := 0.0
		if got := d.Quantile(q); got != want { // also where both are zero
			off = math.Abs(got/want - 1)
		}
		e[q] = max(e[q], off)
		if off > bound {
			t.Errorf("%s: %s is %v, want %v: off by %.3f %%", where, quantile.Name(q), d.Quantile(q), want,
				100*off)
		}
	}
}

func (e errorsOf) log(t *testing.T, what string, stretches int) {
	t.Helper()
	var text strings.Builder
	for _, q := range asked {
		fmt.Fprintf(&text, " %s %.3f %%", quantile.Name(q), 100*e[q])
	}
	t.Logf("%s (%d), the largest errors:%s", what, stretches, &text)
}

// checkTier compares each bucket of a metric with the samples that it was made from.
func (a *aging) checkTier(metric string, g service.Granularity, rows []measurement) {
	a.t.Helper()
	buckets := map[time.Time][]float64{}
	for _, row := range rows {
		if row.metric == metric {
			at := row.at.UTC().Truncate(g.Bucket())
			buckets[at] = append(buckets[at], row.value)
		}
	}
	errors, count := errorsOf{}, 0
	for p, err := range a.h.Range(a.t.Context(), a.distributions(metric, rows, &g)) {
		if err != nil {
			a.t.Fatal(err)
		}
		sorted := slices.Sorted(slices.Values(buckets[p.Time.UTC()]))
		errors.compare(a.t, metric+" in "+g.String()+" at "+p.Time.UTC().String(), p.Distribution, sorted)
		count++
	}
	if count == 0 || count != len(buckets) {
		a.t.Errorf("%d buckets of %s in %s, want %d", count, metric, g, len(buckets))
	}
	errors.log(a.t, metric+" in buckets of "+g.String(), count)
}

// checkSummary compares the sum of all buckets with all samples.
func (a *aging) checkSummary(metric string, rows []measurement) {
	a.t.Helper()
	list, err := a.h.Summarize(a.t.Context(), a.distributions(metric, rows, nil))
	if err != nil || len(list) != 1 {
		a.t.Fatalf("%d summaries, %v", len(list), err)
	}
	var sorted []float64
	for _, row := range rows {
		if row.metric == metric {
			sorted = append(sorted, row.value)
		}
	}
	slices.Sort(sorted)
	errors := errorsOf{}
	errors.compare(a.t, metric+" in all", list[0].Distribution, sorted)
	errors.log(a.t, metric+" in the whole recording", 1)
}

// distributions asks for all of a metric, of one tier or not.
func (a *aging) distributions(
	metric string, rows []measurement, only *service.Granularity,
) service.Query {
	return service.Query{
		Filter: service.Filter{Metrics: []string{metric}},
		From:   rows[0].at.Truncate(time.Hour), Until: a.now, Only: only, Quantiles: true,
	}
}
