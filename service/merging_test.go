package service_test

import (
	"math"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// The quantiles of hours merge to those of all of them: exactly where there are samples, else as
// well as those of buckets are known.
func TestMergeDistributions(t *testing.T) {
	now := time.Now().Truncate(time.Hour).Add(30 * time.Minute)
	options := quiet()
	options.Now, options.TrustClock = func() time.Time { return now }, true
	w := open(t, service.Config{DBPath: filetest.Path(t)}, options)
	series := rtt(t, w)
	var samples []service.Sample
	for i := range 3000 {
		at := now.Add(-time.Duration(i) * 3 * time.Second)
		samples = append(samples, service.Sample{Series: series, Time: at, Value: float64(i%1000 + 1)})
	}
	if err := w.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Maintain(t.Context()); err != nil { // an hour of them stays raw
		t.Fatal(err)
	}
	history, err := w.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	query := service.Query{From: now.Add(-3 * time.Hour), Until: now.Add(time.Second),
		Step: time.Hour, Quantiles: true}
	summaries, err := history.Summarize(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var list []*service.Distribution
	for _, summary := range summaries {
		list = append(list, summary.Distribution)
	}
	merged := service.MergeDistributions(list...)
	for _, q := range []float64{0, 0.5, 0.95, 1} {
		want := max(q*1000, 1)
		if got := merged.Quantile(q); math.Abs(got-want) > merged.Error()*want {
			t.Errorf("quantile %v is %v, want %v within %v", q, got, want, merged.Error())
		}
	}
	for _, d := range append(list, merged) {
		if got := d.Quantile(math.NaN()); !math.IsNaN(got) {
			t.Errorf("the quantile of no number is %v", got)
		}
	}
	if service.MergeDistributions() != nil || service.MergeDistributions(merged, nil) != nil {
		t.Error("a distribution of what is not known")
	}
	if again := service.MergeDistributions(merged); again.Quantile(1) != 1000 {
		t.Errorf("merged alone it ends with %v", again.Quantile(1))
	}
}

// What is merged spreads further than each part, and the merged quantiles are as good as theirs.
func TestMergeDistributionsThatSpread(t *testing.T) {
	now := time.Now().Truncate(time.Hour).Add(30 * time.Minute)
	options := quiet()
	options.Now, options.TrustClock = func() time.Time { return now }, true
	w := open(t, service.Config{DBPath: filetest.Path(t)}, options)
	series := rtt(t, w)
	var samples []service.Sample
	for i := range 3 * 3600 {
		at := now.Truncate(time.Hour).Add(time.Duration(i-4*3600) * time.Second)
		value := math.Pow(10, float64(i)/1500) // two and a half decades in each hour
		samples = append(samples, service.Sample{Series: series, Time: at, Value: value})
	}
	if err := w.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	history, err := w.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	query := service.Query{From: now.Add(-6 * time.Hour), Until: now, Step: time.Hour, Quantiles: true}
	summaries, err := history.Summarize(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var list []*service.Distribution
	for _, summary := range summaries {
		if got := summary.Distribution.Error(); got > 0.011 {
			t.Fatalf("the error of an hour is %v", got)
		}
		list = append(list, summary.Distribution)
	}
	if len(list) != 3 {
		t.Fatalf("%d hours", len(list))
	}
	if got := service.MergeDistributions(list...).Error(); got > 0.011 {
		t.Errorf("the error of the merged hours is %v, want that of each", got)
	}
}
