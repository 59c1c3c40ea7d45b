package service_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// snapshot opens a view that is closed at the end of the test.
func snapshot(t *testing.T, h *service.History) *service.Snapshot {
	t.Helper()
	s, err := h.Snapshot(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// buckets returns the answer to a query.
func buckets(t *testing.T, s *service.Snapshot, q service.BucketQuery) []service.Bucket {
	t.Helper()
	var list []service.Bucket
	for b, err := range s.Buckets(t.Context(), q) {
		must(t, err)
		list = append(list, b)
	}
	return list
}

func matcher(t *testing.T, of service.MatchType, name, value string) *service.Matcher {
	t.Helper()
	m, err := service.NewMatcher(of, name, value)
	must(t, err)
	return m
}

// What a view has does not change while the file goes on.
func TestSnapshotDoesNotChange(t *testing.T) {
	path := filetest.Path(t)
	now := time.Now().Truncate(time.Hour)
	options := quiet()
	options.TrustClock, options.Now = true, func() time.Time { return now }
	w := open(t, service.Config{DBPath: path}, options)
	line := rtt(t, w)
	write(t, w, run(line, 600, now.Add(-time.Second), time.Second)...)
	h := history(t, path)
	s := snapshot(t, h)
	query := service.BucketQuery{Series: s.Series(), From: now.Add(-time.Hour), Until: now}
	before, tiers := buckets(t, s, query), s.Tiers()

	write(t, w, service.Sample{Series: line, Time: now.Add(-90 * time.Minute), Value: 1})
	write(t, w, service.Sample{Series: rttOf(t, w, "dsl"), Time: now, Value: 1})
	now = now.Add(2 * time.Hour)
	maintain(t, w)

	if diff := cmp.Diff(before, buckets(t, s, query)); len(before) != 600 || diff != "" {
		t.Errorf("%d samples; afterwards:\n%s", len(before), diff)
	}
	if len(s.Series()) != 1 || s.Tiers() != tiers {
		t.Errorf("series %+v, tiers %+v; before: one, %+v", s.Series(), s.Tiers(), tiers)
	}
	after := snapshot(t, h)
	if len(after.Series()) != 2 || after.Tiers() == tiers {
		t.Errorf("a new view has the series %+v and the tiers %+v", after.Series(), after.Tiers())
	}
}

// rttOf returns the handle of a round-trip time of a WAN.
func rttOf(t *testing.T, w *service.Writer, wan string) *service.Series {
	t.Helper()
	return series(t, w, service.RTT, wan, nil)
}

// The buckets of a tier have what was sampled in them.
func TestBuckets(t *testing.T) {
	path := filetest.Path(t)
	now := time.Now().Truncate(time.Hour)
	begin := now.Add(-time.Hour)
	options := quiet()
	options.TrustClock, options.Now = true, func() time.Time { return now.Add(time.Minute) }
	w := open(t, service.Config{DBPath: path}, options)
	line, state := rtt(t, w), series(t, w, service.State, "spectrum", service.Labels{"modem": "a"})
	for minute, values := range [][2]float64{{1, 3}, {2, 0}} {
		for i, value := range values {
			at := begin.Add(time.Duration(minute)*time.Minute + time.Duration(i)*time.Second)
			write(t, w, service.Sample{Series: line, Time: at, Value: value},
				service.Sample{Series: state, Time: at, Value: value})
		}
	}
	maintain(t, w)
	s := snapshot(t, history(t, path))
	both := s.Series()
	want := []service.SeriesInfo{
		{ID: 1, Metric: service.RTT, WAN: "spectrum", Labels: service.Labels{},
			Aggregation: service.Average},
		{ID: 2, Metric: service.State, WAN: "spectrum", Labels: service.Labels{"modem": "a"},
			Aggregation: service.Mode},
	}
	if diff := cmp.Diff(want, both); diff != "" {
		t.Fatalf("series:\n%s", diff)
	}
	slices.Reverse(both)
	got := buckets(t, s, service.BucketQuery{Series: both, Granularity: service.Minute,
		From: begin, Until: now, Sketches: true})
	var values []float64
	for i, b := range got {
		values = append(values, b.Value(want[i%2].Aggregation))
		if d := b.Distribution; (d != nil) != (b.SeriesID == 1) || d != nil && d.Quantile(1) != b.Max {
			t.Errorf("the distribution of bucket %d is %+v", i, d)
		}
		got[i].Distribution = nil
	}
	first, second := begin.UTC(), begin.Add(time.Minute).UTC()
	wantBuckets := []service.Bucket{
		{Time: first, SeriesID: 1, Count: 2, Sum: 4, Min: 1, Max: 3},
		{Time: first, SeriesID: 2, Count: 2, Sum: 4, Min: 1, Max: 3,
			States: []service.StateCount{{Value: 1, Count: 1}, {Value: 3, Count: 1}}},
		{Time: second, SeriesID: 1, Count: 2, Sum: 2, Min: 0, Max: 2},
		{Time: second, SeriesID: 2, Count: 2, Sum: 2, Min: 0, Max: 2,
			States: []service.StateCount{{Value: 0, Count: 1}, {Value: 2, Count: 1}}},
	}
	if diff := cmp.Diff(wantBuckets, got); diff != "" {
		t.Errorf("buckets:\n%s", diff)
	}
	if diff := cmp.Diff([]float64{2, 3, 1, 2}, values); diff != "" {
		t.Errorf("values:\n%s", diff)
	}
}

// Matchers are those of PromQL.
func TestMatchers(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	now := time.Now()
	for _, labels := range []service.Labels{nil, {"modem": "a"}, {"modem": "b c"}} {
		write(t, w, run(series(t, w, service.RTT, "dsl", labels), 1, now, time.Second)...)
	}
	write(t, w, run(series(t, w, service.State, "lte", nil), 1, now, time.Second)...)
	s := snapshot(t, history(t, path))
	for _, test := range []struct {
		of          service.MatchType
		name, value string
		want        []int64
	}{
		{service.MatchEqual, "__name__", service.State, []int64{4}},
		{service.MatchNotEqual, "__name__", service.State, []int64{1, 2, 3}},
		{service.MatchRegexp, "__name__", "wanctl_.*", []int64{1, 2, 3, 4}},
		{service.MatchRegexp, "__name__", "wanctl", nil},
		{service.MatchEqual, "wan", "lte", []int64{4}},
		{service.MatchEqual, "modem", "", []int64{1, 4}},
		{service.MatchEqual, "none", "", []int64{1, 2, 3, 4}},
		{service.MatchNotEqual, "modem", "", []int64{2, 3}},
		{service.MatchRegexp, "modem", "b.c|", []int64{1, 3, 4}},
		{service.MatchNotRegexp, "modem", "a|b", []int64{1, 3, 4}},
	} {
		m := matcher(t, test.of, test.name, test.value)
		var got []int64
		for _, one := range s.Series(m) {
			got = append(got, one.ID)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s picks %v, want %v", m, got, test.want)
		}
	}
	if got := s.Series(matcher(t, service.MatchEqual, "wan", "dsl"),
		matcher(t, service.MatchEqual, "modem", "a")); len(got) != 1 || got[0].ID != 2 {
		t.Errorf("two matchers pick %+v", got)
	}
	if !matcher(t, service.MatchRegexp, "modem", "b.c").Matches("b\nc") {
		t.Error("a dot does not match a new line")
	}
	for _, bad := range []string{"(", "a)(b", "[", "*"} {
		_, err := service.NewMatcher(service.MatchRegexp, "wan", bad)
		want(t, err, service.ErrQuery)
	}
	_, err := service.NewMatcher(9, "wan", "a")
	want(t, err, service.ErrQuery)
}

// A question that makes no sense is refused, one that has ended says why.
func TestBucketsRefused(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	now := time.Now()
	write(t, w, run(rtt(t, w), 10, now, time.Second)...)
	s := snapshot(t, history(t, path))
	all := service.BucketQuery{Series: s.Series(),
		From: now.Add(-time.Hour), Until: now.Add(time.Hour)}
	foreign, tier, empty := all, all, all
	foreign.Series = []service.SeriesInfo{{ID: 7}}
	tier.Granularity = 9
	empty.Until = empty.From
	want(t, last(s.Buckets(t.Context(), foreign)), service.ErrQuery)
	want(t, last(s.Buckets(t.Context(), tier)), service.ErrQuery)
	if got := buckets(t, s, empty); len(got) != 0 {
		t.Errorf("an empty range has %+v", got)
	}
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	want(t, last(s.Buckets(ctx, all)), reason)
	if got := buckets(t, s, all); len(got) != 10 {
		t.Errorf("after a question that was cancelled there are %d samples", len(got))
	}
}

// last returns the error of an answer.
func last(answer func(func(service.Bucket, error) bool)) (failed error) {
	for _, err := range answer {
		failed = err
	}
	return failed
}

// A view ends after its time, and says so.
func TestSnapshotThatIsOpenTooLong(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		now := time.Now()
		write(t, w, run(rtt(t, w), 10, now, time.Second)...)
		h := history(t, path)
		s := snapshot(t, h)
		query := service.BucketQuery{Series: s.Series(), From: now.Add(-time.Hour), Until: now}
		time.Sleep(service.ReadLimit + time.Second)
		want(t, last(s.Buckets(t.Context(), query)), service.ErrReadTooLong)
		_, err := s.Metrics(t.Context())
		want(t, err, service.ErrReadTooLong)
		if len(s.Series()) != 1 {
			t.Errorf("series %+v, want what has been read", s.Series())
		}
		if got := buckets(t, snapshot(t, h), query); len(got) != 9 {
			t.Errorf("a new view has %d samples, want 9", len(got))
		}
	})
}

// What is not as it was written is left out.
func TestBucketsOfADamagedFile(t *testing.T) {
	path := filetest.Path(t)
	now := time.Now().Truncate(time.Hour)
	options := quiet()
	options.TrustClock, options.Now = true, func() time.Time { return now.Add(time.Minute) }
	w := open(t, service.Config{DBPath: path}, options)
	for _, s := range []*service.Series{rtt(t, w), series(t, w, service.State, "spectrum", nil)} {
		write(t, w, run(s, 600, now.Add(-time.Second), time.Second)...)
	}
	maintain(t, w)
	shut(t, w)
	const of = " SET chk = chk + 1 WHERE granularity = '1m' AND ts = (SELECT max(ts) FROM rollups" +
		" WHERE granularity = '1m')"
	filetest.Exec(t, path, "UPDATE rollups"+of)
	filetest.Exec(t, path, "UPDATE state_rollups"+of)
	s := snapshot(t, history(t, path))
	got := buckets(t, s, service.BucketQuery{Series: s.Series(), Granularity: service.Minute,
		From: now.Add(-time.Hour), Until: now})
	if len(got) != 2*9 || !got[17].Time.Before(now.Add(-time.Minute)) {
		t.Errorf("%d buckets, the last %+v; want 9 of each series", len(got), got[len(got)-1])
	}
}

// A distribution of raw samples and one of a sketch have the same bins.
func TestBins(t *testing.T) {
	path := filetest.Path(t)
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	options := quiet()
	options.TrustClock, options.Now = true, func() time.Time { return now.Add(time.Minute) }
	w := open(t, service.Config{DBPath: path}, options)
	line := rtt(t, w)
	for i, value := range []float64{-2, -2, 0, 1, 1.01, 32} {
		at := now.Add(-time.Minute).Add(time.Duration(i) * time.Second)
		write(t, w, service.Sample{Series: line, Time: at, Value: value})
	}
	maintain(t, w)
	want := service.Bins{
		Schema: 5, Zero: 1,
		Positive: []service.Bin{{Index: 0, Count: 1}, {Index: 1, Count: 1}, {Index: 160, Count: 1}},
		Negative: []service.Bin{{Index: 32, Count: 2}},
	}
	h := history(t, path)
	query := service.Query{From: now.Add(-time.Hour), Until: now, Step: time.Minute, Quantiles: true}
	for step := range 2 { // the first one is answered from a bucket
		query.Step += time.Duration(step) * time.Second
		for p, err := range h.Range(t.Context(), query) {
			must(t, err)
			if diff := cmp.Diff(want, p.Distribution.Bins()); diff != "" {
				t.Errorf("bins of %s:\n%s", p.Granularity, diff)
			}
		}
	}
}
