package property

import (
	"cmp"
	"maps"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/service"
)

// seen is what a view of the file must say, now and whatever happens to the file.
type seen struct {
	series  []service.SeriesInfo
	tiers   [tierCount]service.TierSpan
	query   service.BucketQuery
	buckets []service.Bucket
	made    []*bucket // what the buckets are made of
}

// askSnapshot asks one view, lets the file go on, and asks the same view again.
func (m *machine) askSnapshot(t *rapid.T) {
	snapshot, err := m.history.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := m.oracle.seen(m.drawBucketQuery(t))
	want.compare(t, snapshot)
	switch rapid.IntRange(0, 2).Draw(t, "meanwhile") {
	case 0:
		m.writeRun(t)
	case 1:
		m.advance(t)
		m.maintain(t)
	}
	want.compare(t, snapshot)
	if err := snapshot.Close(); err != nil {
		t.Fatal(err)
	}
}

// drawBucketQuery draws a query whose series are told by their indexes in the world.
func (m *machine) drawBucketQuery(t *rapid.T) (service.BucketQuery, []int) {
	from, until := m.drawRange(t)
	return service.BucketQuery{
			Granularity: service.Granularity(rapid.IntRange(raw, oneHour).Draw(t, "granularity")),
			From:        from.time(), Until: until.time(), Sketches: rapid.Bool().Draw(t, "sketches"),
		}, rapid.Permutation(m.oracle.order).Draw(t, "series")[:rapid.IntRange(0,
			len(m.oracle.order)).Draw(t, "of them")]
}

func (o *oracle) seen(query service.BucketQuery, picked []int) seen {
	s := seen{query: query}
	for _, series := range o.order {
		s.series = append(s.series, o.info(series))
	}
	for _, series := range picked {
		s.query.Series = append(s.query.Series, o.info(series))
	}
	for g, tier := range o.tiers {
		until := max(tier.watermark, tier.floor).time()
		if g == raw {
			until = time.UnixMicro(1<<63 - 1).UTC()
		}
		s.tiers[g] = service.TierSpan{From: tier.floor.time(), Until: until}
	}
	all := o.buckets(int(query.Granularity))
	places := slices.SortedFunc(maps.Keys(all), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(o.rank(a.series), o.rank(b.series)))
	})
	for _, at := range places {
		asked := !at.ts.time().Before(query.From) && at.ts.time().Before(query.Until)
		if asked && slices.Contains(picked, at.series) {
			s.buckets = append(s.buckets, o.bucket(at, all[at]))
			s.made = append(s.made, all[at])
		}
	}
	return s
}

func (o *oracle) info(series int) service.SeriesInfo {
	one := world[series]
	return service.SeriesInfo{
		ID: o.id(series), Metric: one.metric, WAN: one.wan, Labels: one.shown(),
		Aggregation: one.aggregation(),
	}
}

func (o *oracle) bucket(at place, b *bucket) service.Bucket {
	shown := service.Bucket{
		Time: at.ts.time(), SeriesID: o.id(at.series), Count: b.count,
		Sum: b.sum, Min: b.min, Max: b.max,
	}
	if world[at.series].mode {
		for _, state := range slices.Sorted(maps.Keys(b.states)) {
			shown.States = append(shown.States,
				service.StateCount{Value: state, Count: b.states[state]})
		}
	}
	return shown
}

func (s seen) compare(t *rapid.T, snapshot *service.Snapshot) {
	t.Helper()
	if diff := gocmp.Diff(s.series, snapshot.Series(), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("series (-want +got):\n%s", diff)
	}
	if tiers := snapshot.Tiers(); tiers != s.tiers {
		t.Fatalf("tiers %+v, want %+v", tiers, s.tiers)
	}
	var got []service.Bucket
	var distributions []*service.Distribution
	for b, err := range snapshot.Buckets(t.Context(), s.query) {
		if err != nil {
			t.Fatal(err)
		}
		distributions = append(distributions, b.Distribution)
		b.Distribution = nil
		got = append(got, b)
	}
	if diff := gocmp.Diff(s.buckets, got, near); diff != "" {
		t.Fatalf("buckets of %+v (-want +got):\n%s", s.query, diff)
	}
	asked := service.Query{Quantiles: s.query.Sketches}
	for i, b := range got {
		aggregation := service.Average
		if b.States != nil {
			aggregation = service.Mode
		}
		if value := b.Value(aggregation); !gocmp.Equal(value, s.made[i].value(b.States != nil), near) {
			t.Fatalf("value %v of %+v", value, b)
		}
		exact := s.query.Granularity == service.Raw
		checkQuantiles(t, asked, aggregation, distributions[i], s.made[i], exact)
		checkBins(t, b, distributions[i])
	}
}

// checkBins wants every sample in one bin.
func checkBins(t *rapid.T, b service.Bucket, d *service.Distribution) {
	t.Helper()
	if d == nil {
		return
	}
	bins := d.Bins()
	count := bins.Zero
	for _, bin := range slices.Concat(bins.Positive, bins.Negative) {
		count += bin.Count
	}
	if count != uint64(b.Count) {
		t.Fatalf("%d samples in the bins of %+v", count, b)
	}
}
