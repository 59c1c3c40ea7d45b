package service_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A summary that is made from buckets is that of all samples, wherever it begins and ends; a series
// that paused long before the range ended has its last sample.
func TestSummaryOfBuckets(t *testing.T) {
	t.Parallel()
	path, random := filetest.Path(t), rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 3, 5, 12, 7, 30, 0, time.UTC)
	options := quiet()
	options.TrustClock, options.Now = true, func() time.Time { return now }
	w := open(t, service.Config{DBPath: path, KeepRaw: 6 * time.Hour}, options)
	begin := now.Add(-5 * time.Hour)
	samples := map[string][]service.Sample{}
	var all []service.Sample
	for at := begin; at.Before(now); at = at.Add(300 * time.Millisecond) {
		for _, wan := range []string{"a", "b"} {
			if wan == "b" && at.After(now.Add(-100*time.Minute)) && at.Before(now.Add(-time.Minute)) {
				continue // until after the ranges that are asked for
			}
			for metric, value := range map[string]float64{
				service.RTT: math.Exp(random.NormFloat64()) * 20, service.State: float64(at.Unix() / 700 % 4),
			} {
				s := service.Sample{Series: series(t, w, metric, wan, nil), Time: at, Value: value}
				samples[wan+metric] = append(samples[wan+metric], s)
				all = append(all, s)
			}
		}
	}
	for batch := range slices.Chunk(all, 5000) {
		write(t, w, batch...)
	}
	maintain(t, w)
	h := history(t, path)
	for range 20 {
		from := begin.Add(time.Duration(random.Int64N(int64(2 * time.Hour)))).Truncate(time.Microsecond)
		until := now.Add(-time.Duration(random.Int64N(int64(80*time.Minute))) - 2*time.Minute).
			Truncate(time.Microsecond)
		got, err := h.Summarize(t.Context(), service.Query{From: from, Until: until, Quantiles: true})
		must(t, err)
		if len(got) != 4 {
			t.Fatalf("%d summaries, want 4", len(got))
		}
		for _, one := range got {
			checkSummary(t, one, inRange(samples[one.WAN+one.Metric], from, until))
		}
	}
}

func inRange(list []service.Sample, from, until time.Time) []service.Sample {
	return slices.DeleteFunc(slices.Clone(list), func(s service.Sample) bool {
		return s.Time.Before(from) || !s.Time.Before(until)
	})
}

func checkSummary(t *testing.T, got service.Summary, samples []service.Sample) {
	t.Helper()
	sum, states, values := 0.0, map[float64]int64{}, []float64{}
	for _, s := range samples {
		sum += s.Value
		states[s.Value]++
		values = append(values, s.Value)
	}
	last := samples[len(samples)-1]
	slices.Sort(values)
	if got.Count != int64(len(values)) || got.Min != values[0] || got.Max != values[len(values)-1] ||
		math.Abs(got.Avg-sum/float64(len(values))) > 1e-9 {
		t.Errorf("%s: %+v, want %d samples from %v to %v", got.Metric, got, len(values), values[0],
			values[len(values)-1])
	}
	if got.Last != last.Value || !got.LastTime.Equal(last.Time) {
		t.Errorf("%s of %s: last %v of %s, want %v of %s", got.Metric, got.WAN, got.Last, got.LastTime,
			last.Value, last.Time)
	}
	for _, share := range got.States {
		if share.Count != states[share.Value] {
			t.Errorf("%d samples in state %v, want %d", share.Count, share.Value, states[share.Value])
		}
	}
	if got.Aggregation == service.Mode {
		return
	}
	for _, q := range []float64{0.5, 0.95, 0.99} {
		exact := values[int(math.Ceil(q*float64(len(values))))-1]
		value, ok := got.Quantile(q)
		if off := math.Abs(value-exact) / exact; !ok || off > 0.0110 {
			t.Errorf("quantile %v is %v, want %v within 1.1 %%", q, value, exact)
		}
	}
}

// Quantiles of few samples are exact, as in a range of raw samples alone.
func TestSummaryOfFewSamples(t *testing.T) {
	t.Parallel()
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	end := time.Now().Truncate(time.Second)
	write(t, w, run(rtt(t, w), 1200, end, time.Second)...)
	maintain(t, w)
	list, err := history(t, path).Summarize(t.Context(),
		service.Query{From: end.Add(-15 * time.Minute), Quantiles: true})
	must(t, err)
	if len(list) != 1 || list[0].Distribution.Error() != 0 {
		t.Errorf("summaries %+v, want one that is exact", list)
	}
}
