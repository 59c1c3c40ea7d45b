package promql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// told has three minutes of a line and its state, and the line again after a silence of seven.
func told(t *testing.T) *recording {
	t.Helper()
	r := record(t, service.Config{KeepRaw: time.Hour, Keep1m: 3 * time.Hour, Keep5m: 24 * time.Hour},
		promql.Options{})
	line := r.series(service.RTT, "dsl", nil)
	r.write(line, noon, 20*time.Second, 1, 2, 3, 4, 5, 6, 10, 20, 30)
	r.write(r.series(service.State, "dsl", service.Labels{"state": "own"}), noon, 20*time.Second,
		0, 0, 0, 0, 3, 3, 3, 3, 7)
	r.write(line, noon.Add(10*time.Minute), 20*time.Second, 1, 2, 3)
	return r
}

// The ages at which the finest that is left of noon is raw, and buckets of each width.
const (
	raw      = 20 * time.Minute // and there are buckets already
	minutes  = 2 * time.Hour
	fives    = 5 * time.Hour
	hours    = 30 * time.Hour
	question = 90 * time.Second // after noon
)

// asked is a question at a moment, and the answer.
type asked struct {
	expr  string
	after time.Duration
	want  string
}

func (r *recording) check(list []asked) {
	r.t.Helper()
	for _, one := range list {
		if diff := cmp.Diff(one.want, r.instant(one.expr, noon.Add(one.after))); diff != "" {
			r.t.Errorf("%s after %s:\n%s", one.expr, one.after, diff)
		}
	}
}

// A file without buckets answers as Prometheus does: a window is (t-r, t].
func TestSamplesOnly(t *testing.T) {
	told(t).check([]asked{
		{`wanctl_rtt_ms`, question, `{__name__="wanctl_rtt_ms", wan="dsl"} 5`},
		{`wanctl_rtt_ms`, 4 * time.Minute, `{__name__="wanctl_rtt_ms", wan="dsl"} 30`},
		{`avg_over_time(wanctl_rtt_ms[2m])`, 2 * time.Minute, `{wan="dsl"} 5`},
		{`quantile_over_time(0.5, wanctl_rtt_ms[3m])`, 3 * time.Minute, `{wan="dsl"} 5.5`},
		{`wanctl_rtt_ms[1m]`, 2 * time.Minute,
			`{__name__="wanctl_rtt_ms", wan="dsl"} 1m20s=5 1m40s=6 2m=10`},
		{`absent(x{a="b"}) + absent_over_time(x{a="b"}[5m])`, question, `{a="b"} 2`},
		{`1 + 1`, 0, `scalar: 2 @[1772452800000]`},
	})
}

// Where there are buckets, windows of whole minutes are [t-r, t), whatever answers.
func TestBucketsAndSamples(t *testing.T) {
	r := told(t)
	r.age(raw)
	r.check([]asked{
		{`wanctl_rtt_ms`, question, `{__name__="wanctl_rtt_ms", wan="dsl"} 5`},
		{`avg_over_time(wanctl_rtt_ms[2m])`, 2 * time.Minute, `{wan="dsl"} 3.5`},
		{`avg_over_time(wanctl_rtt_ms[90s])`, 2 * time.Minute, `{wan="dsl"} 5.6`},
		{`max_over_time(wanctl_rtt_ms[2m] offset 1m)`, 2 * time.Minute, `{wan="dsl"} 3`},
		{`sum_over_time(wanctl_rtt_ms[2m] @ 1772452920)`, time.Hour, `{wan="dsl"} 21`},
		{`max_over_time(avg_over_time(wanctl_rtt_ms[1m])[3m:1m])`, 3 * time.Minute, `{wan="dsl"} 20`},
		{`count_over_time(wanctl_rtt_ms[1h])`, time.Hour, `{wan="dsl"} 12`},
		{`quantile_over_time(1, wanctl_rtt_ms[1h])`, time.Hour, `{wan="dsl"} 30`},
		{`quantile_over_time(0, wanctl_rtt_ms[1h])`, time.Hour, `{wan="dsl"} 1`},
		{`quantile_over_time(0.5, wanctl_rtt_ms[177s])`, 177 * time.Second, `{wan="dsl"} 5.5`},
	})
	line := `{__name__="wanctl_rtt_ms", wan="dsl"}`
	if got := r.ranged("wanctl_rtt_ms", noon, noon.Add(12*time.Minute), time.Minute); got !=
		line+" 0s=2 1m=5 2m=20 10m=2" {
		t.Errorf("each minute: %s", got)
	}
	if got := r.ranged("wanctl_rtt_ms", noon, noon.Add(2*time.Minute), 40*time.Second); got !=
		line+" 0s=1 40s=3 1m20s=5 2m=10" {
		t.Errorf("each 40 s: %s", got)
	}
}

// Where no samples are left, buckets answer, and say so if they do not fit.
func TestBucketsOnly(t *testing.T) {
	r := told(t)
	r.age(minutes)
	r.check([]asked{
		{`wanctl_rtt_ms`, question, `{__name__="wanctl_rtt_ms", wan="dsl"} 5
PromQL info: the selector has the means of buckets of 1m where nothing finer is left (1:1)`},
		{`avg_over_time(wanctl_rtt_ms[2m])`, 2 * time.Minute, `{wan="dsl"} 3.5`},
		{`1 + count_over_time(wanctl_rtt_ms[90s])`, 2 * time.Minute, `{wan="dsl"} 5.5
PromQL info: windows of count_over_time have even shares of buckets of 1m where nothing finer ` +
			`is left (1:5)`},
		{`min_over_time(wanctl_rtt_ms[90s])`, 2 * time.Minute, `{wan="dsl"} 1
PromQL info: windows of min_over_time have even shares of buckets of 1m where nothing finer ` +
			`is left (1:1)`},
		{`last_over_time(wanctl_rtt_ms[3m])`, 174 * time.Second,
			`{__name__="wanctl_rtt_ms", wan="dsl"} 5
PromQL info: last_over_time is that of the means of buckets of 1m where no samples are left (1:1)`},
		{`stddev_over_time(wanctl_rtt_ms[3m])`, 3 * time.Minute, `{wan="dsl"} 7.87401
PromQL warning: stddev_over_time is that of the means of buckets of 1m where no samples are ` +
			`left, which differs from that of the samples (1:1)`},
		{`wanctl_rtt_ms[3m]`, 174 * time.Second,
			`{__name__="wanctl_rtt_ms", wan="dsl"} 59.999s=2 1m59.999s=5
PromQL info: the range has the means of buckets of 1m where no samples are left (1:1)`},
	})
	r.age(fives)
	r.check([]asked{
		{`sum(count_over_time(wanctl_rtt_ms[2m]))`, 2 * time.Minute, `{} 3.6
PromQL info: windows of count_over_time have even shares of buckets of 5m where nothing finer ` +
			`is left (1:5)`},
		{`avg_over_time(wanctl_rtt_ms[5m])`, 5 * time.Minute, `{wan="dsl"} 9`},
	})
	r.age(hours)
	r.check([]asked{
		{`avg_over_time(wanctl_rtt_ms[1h])`, time.Hour, `{wan="dsl"} 7.25`},
		{`wanctl_rtt_ms and on () vector(1)`, 59 * time.Minute,
			`{__name__="wanctl_rtt_ms", wan="dsl"} 7.25
PromQL info: the selector has the means of buckets of 1h where nothing finer is left (1:1)`},
		{`wanctl_rtt_ms`, time.Hour,
			`PromQL info: the selector has the means of buckets of 1h where nothing finer is left (1:1)`},
	})
}

// Each state has a share, from samples and from buckets alike.
func TestShares(t *testing.T) {
	r := told(t)
	const own = `exported_state="own", state=`
	r.check([]asked{
		{`{__name__=~".*state.*"}`, question, `{__name__="wanctl_state", state="own", wan="dsl"} 3
{__name__="wanctl_state_ratio", ` + own + `"GREEN", wan="dsl"} 0
{__name__="wanctl_state_ratio", ` + own + `"RED", wan="dsl"} 1
{__name__="wanctl_state_ratio", ` + own + `"SOFT_RED", wan="dsl"} 0
{__name__="wanctl_state_ratio", ` + own + `"YELLOW", wan="dsl"} 0`},
		{`wanctl_state_ratio{state="RED",exported_state!="own"}`, question, ``},
		{`wanctl_state_ratio{state!~"G.*|.*RED",exported_state="own"}`, question,
			`{__name__="wanctl_state_ratio", ` + own + `"YELLOW", wan="dsl"} 0`},
	})
	for _, age := range []time.Duration{raw, minutes, fives, hours} {
		r.age(age)
		window, after := `[5m])`, 5*time.Minute
		if age == hours {
			window, after = `[1h])`, time.Hour
		}
		r.check([]asked{
			{`avg_over_time(wanctl_state_ratio` + window, after, `{` + own + `"7", wan="dsl"} 0.111111
{` + own + `"GREEN", wan="dsl"} 0.444444
{` + own + `"RED", wan="dsl"} 0.444444
{` + own + `"SOFT_RED", wan="dsl"} 0
{` + own + `"YELLOW", wan="dsl"} 0`},
			{`sum_over_time(wanctl_state_ratio{state="RED"}` + window, after,
				`{` + own + `"RED", wan="dsl"} 4`},
			{`max_over_time(wanctl_state_ratio{state="7"}` + window, after,
				`{` + own + `"7", wan="dsl"} 1`},
			{`quantile_over_time(0.9, wanctl_state_ratio{state="7"}` + window, after,
				`{` + own + `"7", wan="dsl"} 1`},
			{`quantile_over_time(0.8, wanctl_state_ratio{state="7"}` + window, after,
				`{` + own + `"7", wan="dsl"} 0`},
			{`avg_over_time(wanctl_state{state="own"}` + window, after, `{state="own", wan="dsl"} 2.11111`},
		})
	}
}

// The quantile of states is one of them, that of the sample of its rank.
func TestQuantilesOfStates(t *testing.T) {
	r := told(t)
	r.write(r.series(service.State, "lte", nil), noon, time.Second, -404.5, 1, 1.5, 404, 65535, 65536)
	for _, age := range []time.Duration{raw, minutes, fives, hours} {
		r.age(age)
		window, after := `[5m])`, 5*time.Minute
		if age == hours {
			window, after = `[1h])`, time.Hour
		}
		var list []asked
		for q, want := range map[string][2]string{
			"0": {"0", "-404.5"}, "0.1": {"0", "-404.5"}, "0.4": {"0", "1.5"}, "0.5": {"3", "1.5"},
			"0.51": {"3", "404"}, "0.88": {"3", "65536"}, "0.8": {"3", "65535"}, "0.9": {"7", "65536"},
			"scalar(vector(0.45))": {"3", "1.5"}, "1": {"7", "65536"},
		} {
			list = append(list, asked{`quantile_over_time(` + q + `, wanctl_state` + window, after,
				`{state="own", wan="dsl"} ` + want[0] + "\n" + `{wan="lte"} ` + want[1]})
		}
		r.check(list)
	}
}

// The quantile of states is one of them to the last bit, also where it is a fraction, where two lie
// next to each other, and where two have the same name, whose shares are one.
func TestQuantilesOfAnyStates(t *testing.T) {
	r := record(t, service.Config{KeepRaw: time.Hour}, promql.Options{}, service.Metric{
		Name: "phase", Aggregation: service.Mode,
		States: service.StateNames{0.1: "low", 0.1 + 1e-9: "low", 1e15: "high"},
	})
	r.write(r.series("phase", "dsl", nil), noon, time.Second, -1.0/3, 0.1, 0.1+1e-9, 1e15, 1e15+1)
	r.age(minutes)
	at := noon.Add(5 * time.Minute)
	for q, want := range map[string]float64{
		"0.2": -1.0 / 3, "0.4": 0.1, "0.6": 0.1 + 1e-9, "0.8": 1e15, "1": 1e15 + 1,
		"scalar(vector(0.4))": 0.1,
	} {
		for _, selector := range []string{`phase`, `{__name__=~"phase|phase_ratio",state!="low"}`} {
			expr := `quantile_over_time(` + q + `, ` + selector + `[5m])`
			result, err := r.Instant(t.Context(), expr, at, promql.Settings{})
			must(t, err)
			for _, s := range result.Value.(upstream.Vector) {
				if s.Metric.Get("state") == "" && s.F != want {
					t.Errorf("%s is %v, want %v", expr, s.F, want)
				}
			}
			result.Close()
		}
	}
	r.check([]asked{{`sum_over_time(phase_ratio[5m])`, 5 * time.Minute,
		`{state="-0.3333333333333333", wan="dsl"} 1
{state="1000000000000001", wan="dsl"} 1
{state="high", wan="dsl"} 1
{state="low", wan="dsl"} 2`}})
}

// A metric of the name of the shares wins, and the answer says so.
func TestSharesShadowed(t *testing.T) {
	r := told(t)
	r.write(r.series("wanctl_state_ratio", "dsl", nil), noon, time.Second, 42)
	r.check([]asked{{`wanctl_state_ratio`, question, `{__name__="wanctl_state_ratio", wan="dsl"} 42
PromQL warning: the history has a metric wanctl_state_ratio of its own, which hides the shares ` +
		`of the states (1:1)`},
		{`sum_over_time(wanctl_state_ratio{state="RED"}[1m])`, question,
			`PromQL warning: the history has a metric wanctl_state_ratio of its own, which hides the ` +
				`shares of the states (1:1)`},
		{`wanctl_state_ratio{wan="other"}`, question, ``}})
}

// Of samples in one millisecond there is one, their mean, and it counts for all.
func TestOneMillisecond(t *testing.T) {
	r := record(t, service.Config{}, promql.Options{})
	r.write(r.series(service.RTT, "dsl", nil), noon, 100*time.Microsecond, 1, 2, 6)
	r.check([]asked{
		{`wanctl_rtt_ms[1m]`, 0, `{__name__="wanctl_rtt_ms", wan="dsl"} 0s=3`},
		{`count_over_time(wanctl_rtt_ms[1m])`, 0, `{wan="dsl"} 3`},
		{`avg_over_time(wanctl_rtt_ms[1m])`, 0, `{wan="dsl"} 3`},
		{`max_over_time(wanctl_rtt_ms[1m])`, 0, `{wan="dsl"} 6`},
	})
}

// There is no quantile over buckets that keep no percentiles, and the answer says so.
func TestWithoutPercentiles(t *testing.T) {
	r := record(t, service.Config{KeepRaw: time.Hour}, promql.Options{}, service.Metric{
		Name: "plain", Aggregation: service.Average, NoPercentiles: true})
	r.write(r.series("plain", "dsl", nil), noon, time.Minute, 1, 2, 3)
	r.write(r.series("plain", "dsl", nil), noon.Add(2*time.Hour), time.Minute, 4, 5, 6)
	r.age(2*time.Hour + 4*time.Minute)
	const without = `PromQL warning: some buckets keep no percentiles, so quantile_over_time has no ` +
		`value over them (1:1)`
	r.check([]asked{
		{`quantile_over_time(0.5, plain[5m])`, 5 * time.Minute, without},
		{`quantile_over_time(2, plain[5m])`, 5 * time.Minute,
			"PromQL warning: quantile value should be between 0 and 1, got 2 (1:20)\n" + without},
		{`quantile_over_time(0.5, plain[150s])`, 2*time.Hour + 140*time.Second, `{wan="dsl"} 5`},
		{`max_over_time(plain[5m])`, 5 * time.Minute, `{wan="dsl"} 3`},
	})
	rtt := r.series(service.RTT, "lte", nil)
	r.write(rtt, noon.Add(2*time.Hour), 30*time.Second, 7, 7, 7, 7, 7)
	if got := r.ranged(`quantile_over_time(0.5, {__name__=~"plain|wanctl_.*"}[2m])`, noon,
		noon.Add(122*time.Minute), 2*time.Minute); got != `{wan="lte"} 2h2m=7`+"\n"+without {
		t.Error(got)
	}
}

// A computed quantile that is none between 0 and 1 is what it is of samples, with the same warning,
// whatever is left.
func TestComputedQuantiles(t *testing.T) {
	r := told(t)
	for _, age := range []time.Duration{0, minutes, hours} {
		if age > 0 {
			r.age(age)
		}
		var list []asked
		for q, want := range map[string]string{
			`vector(2)`: "+Inf", `vector(-1)`: "-Inf", `nothing`: "NaN",
		} {
			got := map[string]string{"+Inf": "2", "-Inf": "-1", "NaN": "NaN"}[want]
			list = append(list, asked{`quantile_over_time(scalar(` + q + `), wanctl_rtt_ms[1h])`, time.Hour,
				`{wan="dsl"} ` + want + "\nPromQL warning: quantile value should be between 0 and 1, got " +
					got + " (1:20)"})
		}
		list = append(list, asked{`quantile_over_time(scalar(vector(1)), wanctl_rtt_ms[1h])`, time.Hour,
			`{wan="dsl"} 30`})
		r.check(list)
	}
}

// What computes a quantile is copied, and copies in copies multiply.
func TestQuantilesInsideQuantiles(t *testing.T) {
	r := told(t)
	r.age(hours)
	nested := func(times int) string {
		return strings.Repeat("quantile_over_time(scalar(sum(", times) + "wanctl_loss_ratio" +
			strings.Repeat(")),wanctl_rtt_ms[1h])", times)
	}
	if got := r.instant(nested(3), noon.Add(time.Hour)); strings.Contains(got, "error") {
		t.Error(got)
	}
	for _, times := range []int{10, 30} {
		got := r.instant(nested(times), noon.Add(time.Hour))
		if !strings.Contains(got, "the computed quantile of quantile_over_time is too long") {
			t.Errorf("%d times: %.200s", times, got)
		}
	}
}
