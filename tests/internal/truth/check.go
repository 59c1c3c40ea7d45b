package truth

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wanstore/wanstore/service"
)

// tolerance of averages, relative: a processor that fuses a multiplication and an addition rounds
// once.
const tolerance = 1e-9

var equateFloats = cmpopts.EquateApprox(tolerance, 0)

// forever is later than any sample.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// row is what a tier says of one series in one bucket.
type row struct {
	Count           int64
	Value, Min, Max float64
}

func (r row) equal(other row) bool {
	return r.Count == other.Count && r.Min == other.Min && r.Max == other.Max &&
		near(r.Value, other.Value)
}

func near(a, b float64) bool { return math.Abs(a-b) <= tolerance*min(math.Abs(a), math.Abs(b)) }

type place struct {
	Series Series
	TS     int64
}

// CheckTiers compares every row of every tier, from its floor to its watermark, with the samples of
// that span, and the shares of all states. It returns the state of the tiers.
func (t *Truth) CheckTiers(tb testing.TB, h *service.History) service.FileStatus {
	tb.Helper()
	status, err := h.Status(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if status.Check != "ok" {
		tb.Fatalf("quick check: %s", status.Check)
	}
	for _, tier := range status.Tiers {
		t.checkTier(tb, h, tier)
	}
	return status
}

func (t *Truth) checkTier(tb testing.TB, h *service.History, tier service.TierStatus) {
	tb.Helper()
	g, from, until := tier.Granularity, micros(tier.Floor), micros(tier.Watermark)
	if g == service.Raw {
		until = forever.UnixMicro()
	}
	if from >= until {
		return // nothing has been rolled up yet
	}
	query := service.Query{From: time.UnixMicro(from), Until: time.UnixMicro(until), Only: &g}
	want, got := t.rows(g, from, until), rows(tb, h, query)
	// much faster than finding the difference that there hardly ever is
	if !maps.EqualFunc(want, got, row.equal) {
		diff := cmp.Diff(want, got, equateFloats)
		tb.Errorf("tier %s, floor %s, watermark %s (-want +got):\n%s", g, tier.Floor,
			tier.Watermark, clip(diff))
	}
	t.checkStates(tb, h, query, from, until)
}

// micros returns a moment of a status, 0 where there is none.
func micros(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMicro()
}

// CheckRange asks for everything with a step, over all tiers, and compares counts, sums, minima and
// maxima of every series.
func (t *Truth) CheckRange(
	tb testing.TB, h *service.History, status service.FileStatus, step time.Duration,
) {
	tb.Helper()
	floor := micros(status.Tiers[service.Hour].Floor)
	got := map[Series]bucket{}
	query := service.Query{From: time.UnixMicro(floor), Until: forever, Step: step}
	for point, err := range h.Range(tb.Context(), query) {
		if err != nil {
			tb.Fatal(err)
		}
		key := SeriesOf(point.Metric, point.WAN, point.Labels)
		sum, seen := got[key]
		if !seen {
			sum.min, sum.max = point.Min, point.Max
		}
		sum.count += point.Count
		sum.min, sum.max = min(sum.min, point.Min), max(sum.max, point.Max)
		if !t.series[key].mode { // of states the sums are not to be had from modes
			sum.sum += point.Value * float64(point.Count)
		}
		got[key] = sum
	}
	want := map[Series]bucket{}
	for key, history := range t.series {
		b := total(history.between(time.Hour, floor, forever.UnixMicro()))
		b.states = nil
		if history.mode {
			b.sum = 0
		}
		if b.count > 0 {
			want[key] = b
		}
	}
	diff := cmp.Diff(want, got, equateFloats, cmp.AllowUnexported(bucket{}), cmpopts.EquateEmpty())
	if diff != "" {
		tb.Errorf("range in steps of %s (-want +got):\n%s", step, clip(diff))
	}
}

// rows returns what a tier has to hold of the samples in [from, until).
func (t *Truth) rows(g service.Granularity, from, until int64) map[place]row {
	list := map[place]row{}
	for key, history := range t.series {
		for _, b := range history.between(g.Bucket(), from, until) {
			list[place{key, b.ts}] = row{Count: b.count, Value: b.value(history.mode), Min: b.min,
				Max: b.max}
		}
	}
	return list
}

func rows(tb testing.TB, h *service.History, query service.Query) map[place]row {
	tb.Helper()
	list := map[place]row{}
	for point, err := range h.Range(tb.Context(), query) {
		if err != nil {
			tb.Fatal(err)
		}
		at := place{SeriesOf(point.Metric, point.WAN, point.Labels), point.Time.UnixMicro()}
		if _, twice := list[at]; twice {
			tb.Fatalf("two points at %v", at)
		}
		list[at] = row{Count: point.Count, Value: point.Value, Min: point.Min, Max: point.Max}
	}
	return list
}

// checkStates compares how many samples each state has in a tier.
func (t *Truth) checkStates(
	tb testing.TB, h *service.History, query service.Query, from, until int64,
) {
	tb.Helper()
	summaries, err := h.Summarize(tb.Context(), query)
	if err != nil {
		tb.Fatal(err)
	}
	got := map[Series][]service.StateShare{}
	for _, s := range summaries {
		if s.Aggregation == service.Mode {
			got[SeriesOf(s.Metric, s.WAN, s.Labels)] = s.States
		}
	}
	want := map[Series][]service.StateShare{}
	for key, history := range t.series {
		b := total(history.between(query.Only.Bucket(), from, until))
		if !history.mode || b.count == 0 {
			continue
		}
		for _, state := range slices.Sorted(maps.Keys(b.states)) {
			count := b.states[state]
			want[key] = append(want[key],
				service.StateShare{Value: state, Count: count, Share: float64(count) / float64(b.count)})
		}
	}
	if diff := cmp.Diff(want, got, equateFloats); diff != "" {
		tb.Errorf("states of tier %s (-want +got):\n%s", *query.Only, clip(diff))
	}
}

// clip keeps a difference readable.
func clip(diff string) string {
	const most = 4000
	if len(diff) <= most {
		return diff
	}
	return diff[:most] + "\n..."
}
