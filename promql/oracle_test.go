package promql_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// oracle keeps what was recorded of a series, in any order.
type oracle []service.Sample

// window returns the values of samples in [from, until), sorted.
func (o oracle) window(from, until time.Time) []float64 {
	var values []float64
	for _, s := range o {
		if !s.Time.Before(from) && s.Time.Before(until) {
			values = append(values, s.Value)
		}
	}
	slices.Sort(values)
	return values
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// functions are those that are exact over buckets, by what they are of the sorted values.
var functions = map[string]func([]float64) float64{
	"avg_over_time":     func(v []float64) float64 { return sum(v) / float64(len(v)) },
	"sum_over_time":     sum,
	"count_over_time":   func(v []float64) float64 { return float64(len(v)) },
	"min_over_time":     func(v []float64) float64 { return v[0] },
	"max_over_time":     func(v []float64) float64 { return v[len(v)-1] },
	"present_over_time": func([]float64) float64 { return 1 },
}

// story records two series over two days, irregularly, with outages and late samples, and maintains
// now and then.
func story(t *testing.T, random *rand.Rand) (*recording, map[string]oracle) {
	t.Helper()
	r := record(t, service.Config{
		KeepRaw: 2 * time.Hour, Keep1m: 6 * time.Hour, Keep5m: 24 * time.Hour,
	}, promql.Options{})
	told := map[string]oracle{}
	const days = 2
	for at := time.Duration(0); at < days*24*time.Hour; at += time.Hour {
		for _, wan := range []string{"dsl", "lte"} {
			metric := map[string]string{"dsl": service.RTT, "lte": service.State}[wan]
			if random.IntN(8) == 0 {
				continue // an outage
			}
			handle := r.series(metric, wan, nil)
			var list []service.Sample
			for i := range 60 {
				moment := noon.Add(at + time.Duration(i)*time.Minute)
				if random.IntN(3) > 0 { // else on an edge
					moment = moment.Add(time.Duration(random.Int64N(int64(time.Minute))))
				}
				value := math.Round(random.NormFloat64()*1e4) / 100
				if metric == service.State {
					value = float64(random.IntN(4))
				}
				list = append(list, service.Sample{
					Series: handle, Time: moment.Truncate(time.Microsecond), Value: value})
			}
			random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			late := random.IntN(3)
			r.set(noon.Add(at + time.Hour))
			must(t, r.writer.Write(t.Context(), list[late:]...))
			if at < (days*24-1)*time.Hour { // the last hour is raw alone
				r.age(at + time.Hour + time.Duration(random.IntN(60))*time.Second)
			}
			if late > 0 {
				must(t, r.writer.Write(t.Context(), list[:late]...))
			}
			told[wan] = append(told[wan], list...)
		}
	}
	return r, told
}

// Over windows that fit the buckets that are left, every function is that of the samples.
func TestFunctionsAreThoseOfTheSamples(t *testing.T) {
	random := filetest.Random(t)
	r, told := story(t, random)
	for range 300 {
		width := []time.Duration{time.Minute, 5 * time.Minute, time.Hour}[random.IntN(3)]
		oldest := map[time.Duration]time.Duration{
			time.Minute: 5 * time.Hour, 5 * time.Minute: 23 * time.Hour, time.Hour: 47 * time.Hour}[width]
		at := r.now().Truncate(width).Add(-time.Duration(random.Int64N(int64(oldest))).Truncate(width))
		left := oldest - r.now().Sub(at)
		window := width * time.Duration(1+random.IntN(max(int(left/width/2), 1)))
		offset := width * time.Duration(random.IntN(3)-1)
		if r.now().Sub(at.Add(-window-offset)) > oldest {
			continue
		}
		for name, function := range functions {
			expr := fmt.Sprintf("%s({wan=~\"dsl|lte\",__name__!~\".*_ratio\"}[%s] offset %s)",
				name, milliseconds(window), milliseconds(offset))
			checkInstant(t, r, told, expr, at, at.Add(-offset-window), at.Add(-offset), function)
			checkRange(t, r, told, expr, at, width, window, offset, function)
		}
	}
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

func checkInstant(t *testing.T, r *recording, told map[string]oracle, expr string,
	at, from, until time.Time, function func([]float64) float64) {
	t.Helper()
	result, err := r.Instant(t.Context(), expr, at, promql.Settings{})
	must(t, err)
	defer result.Close()
	got := map[string]float64{}
	for _, s := range result.Value.(upstream.Vector) {
		got[s.Metric.Get("wan")] = s.F
	}
	if len(result.Infos)+len(result.Warnings) > 0 {
		t.Errorf("%s at %s: %v %v", expr, at, result.Infos, result.Warnings)
	}
	for wan, samples := range told {
		checkWindow(t, fmt.Sprintf("%s of %s at %s", expr, wan, at), samples.window(from, until),
			function, got, wan)
	}
}

func checkRange(t *testing.T, r *recording, told map[string]oracle, expr string,
	end time.Time, step, window, offset time.Duration, function func([]float64) float64) {
	t.Helper()
	result, err := r.Range(t.Context(), expr, end.Add(-2*step), end, step, promql.Settings{})
	must(t, err)
	defer result.Close()
	got := map[time.Time]map[string]float64{}
	for at := end.Add(-2 * step); !at.After(end); at = at.Add(step) {
		got[at.UTC()] = map[string]float64{}
	}
	for _, s := range result.Value.(upstream.Matrix) {
		for _, p := range s.Floats {
			got[time.UnixMilli(p.T).UTC()][s.Metric.Get("wan")] = p.F
		}
	}
	if len(result.Infos) > 0 { // the steps before the end may reach below what is left
		return
	}
	for at, values := range got {
		for wan, samples := range told {
			until := at.Add(-offset)
			checkWindow(t, fmt.Sprintf("%s of %s at %s, by %s", expr, wan, at, step),
				samples.window(until.Add(-window), until), function, values, wan)
		}
	}
}

func checkWindow(t *testing.T, what string, values []float64,
	function func([]float64) float64, got map[string]float64, wan string) {
	t.Helper()
	value, ok := got[wan]
	if ok != (len(values) > 0) {
		t.Errorf("%s: there is %v of %d samples", what, got, len(values))
		return
	}
	if ok {
		if want := function(values); math.Abs(value-want) > 1e-12*max(math.Abs(want), sumOf(values)) {
			t.Errorf("%s: %v, want %v", what, value, want)
		}
	}
}

// sumOf bounds what rounding a sum may cost.
func sumOf(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += math.Abs(v)
	}
	return total
}

// Quantiles over buckets are within half a bin of the sample that they stand for, and never beyond
// the least and the greatest one.
func TestQuantilesAreNearTheirSamples(t *testing.T) {
	random := filetest.Random(t)
	r, told := story(t, random)
	for range 300 {
		q := []float64{0, 0.01, 0.25, 0.5, 0.95, 0.99, 1}[random.IntN(7)]
		window := time.Hour * time.Duration(1+random.IntN(6))
		at := noon.Add(time.Hour * time.Duration(6+random.IntN(40)))
		expr := fmt.Sprintf("quantile_over_time(%v, wanctl_rtt_ms[%s])", q, milliseconds(window))
		result, err := r.Instant(t.Context(), expr, at, promql.Settings{})
		must(t, err)
		values := told["dsl"].window(at.Add(-window), at)
		vector := result.Value.(upstream.Vector)
		if (len(vector) > 0) != (len(values) > 0) || len(result.Infos)+len(result.Warnings) > 0 {
			t.Errorf("%s at %s is %v of %d samples %v", expr, at, vector, len(values), result.Infos)
		}
		if len(vector) > 0 {
			want := values[max(int(math.Ceil(q*float64(len(values))))-1, 0)]
			got := vector[0].F
			if math.Abs(got-want) > 0.0109*math.Abs(want) || got < values[0] || got > values[len(values)-1] {
				t.Errorf("%s at %s: %v, want about %v", expr, at, got, want)
			}
		}
		result.Close()
	}
}
