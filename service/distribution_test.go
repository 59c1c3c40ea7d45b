package service_test

import (
	"math"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// medians returns the medians of a tier, or of the whole in steps of an hour, by when they begin;
// NaN stands for none.
func medians(t *testing.T, path string, only *service.Granularity) map[time.Time]float64 {
	t.Helper()
	query := service.Query{From: time.UnixMicro(0), Only: only, Quantiles: true}
	if only == nil {
		query.Step = time.Hour
	}
	found := map[time.Time]float64{}
	for p, err := range history(t, path).Range(t.Context(), query) {
		must(t, err)
		value, ok := p.Quantile(0.5)
		if !ok {
			value = math.NaN()
		}
		found[p.Time.UTC()] = value
	}
	return found
}

// A file of before there were sketches goes on: its buckets have no percentiles, also when late
// samples join them, nor have coarser ones that are made from them; new buckets have some.
func TestBucketsOfBeforeSketches(t *testing.T) {
	path := filetest.Path(t)
	now := time.Now().Truncate(time.Hour)
	begin := now.Add(-3 * time.Hour)
	options := quiet()
	options.TrustClock, options.Now = true, func() time.Time { return now }
	config := service.Config{DBPath: path}
	w := open(t, config, options)
	halfHour := begin.Add(30 * time.Minute)
	write(t, w, run(rtt(t, w), 30*60, halfHour.Add(-time.Second), time.Second)...)
	now = halfHour.Add(30 * time.Second)
	maintain(t, w)
	shut(t, w)
	filetest.Exec(t, path, "DELETE FROM sketches")

	w = open(t, config, options)
	series := rtt(t, w)
	late := begin.Add(10*time.Minute + 500*time.Millisecond)
	write(t, w, service.Sample{Series: series, Time: late, Value: 7})
	now = begin.Add(2*time.Hour + 30*time.Second)
	write(t, w, run(series, 90*60, begin.Add(2*time.Hour-time.Second), time.Second)...)
	maintain(t, w)
	write(t, w, service.Sample{Series: series, Time: late.Add(time.Second), Value: 7})
	shut(t, w)

	for g := service.Minute; g <= service.Hour; g++ {
		buckets := medians(t, path, &g)
		if want := int(2 * time.Hour / g.Bucket()); len(buckets) != want {
			t.Errorf("%d buckets of %s, want %d", len(buckets), g, want)
		}
		for at, median := range buckets {
			checkMedian(t, g.String(), at, median, at.Before(halfHour))
		}
	}
	for at, median := range medians(t, path, nil) {
		checkMedian(t, "steps", at, median, at.Before(halfHour))
	}
	list, err := history(t, path).Summarize(t.Context(), service.Query{From: begin, Quantiles: true})
	must(t, err)
	if len(list) != 1 || list[0].Distribution != nil || list[0].Count != 2*3600+2 {
		t.Errorf("summaries %+v, want one without percentiles", list)
	}
}

// checkMedian wants about 4, the median of what run writes, or none.
func checkMedian(t *testing.T, of string, at time.Time, median float64, none bool) {
	t.Helper()
	if none != math.IsNaN(median) || !none && math.Abs(median/4-1) > 0.011 {
		t.Errorf("%s: the median of %s is %v; want none: %v", of, at.Format(time.DateTime), median, none)
	}
}

// A page and a summary keep a million raw samples and no more: what goes beyond is answered from
// sketches.
func TestRawSamplesOfAnAnswerAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("writes more than a million samples")
	}
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path, QueueSize: 1 << 17}, quiet())
	const samples = 1<<20 + 1<<17
	end := time.Now().Truncate(time.Minute)
	series := rtt(t, w)
	all := run(series, samples, end, 2*time.Millisecond)
	for len(all) > 0 {
		n := min(len(all), 1<<16)
		write(t, w, all[:n]...)
		all = all[n:]
	}
	query := service.Query{From: end.Add(-time.Hour), Until: end.Add(time.Second),
		Step: 7 * time.Second, Quantiles: true}
	page, err := history(t, path).Page(t.Context(), query, 10_000, 0)
	must(t, err)
	exact, sketched := int64(0), 0
	for _, p := range page.Points {
		if p.Distribution.Error() == 0 {
			exact += p.Count
		} else {
			sketched++
		}
	}
	if exact > 1<<20 || exact < 1<<20-1<<13 || sketched == 0 {
		t.Errorf("%d samples are kept, and %d points have sketches", exact, sketched)
	}
	total := int64(0)
	for p, err := range history(t, path).Range(t.Context(), query) { // one point at a time
		must(t, err)
		total += p.Count
		if p.Distribution.Error() != 0 {
			t.Fatalf("a point of %d samples is not exact", p.Count)
		}
	}
	if total != samples {
		t.Errorf("%d samples, want %d", total, samples)
	}
}
