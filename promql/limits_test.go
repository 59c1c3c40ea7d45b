package promql_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

func many(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = float64(i)
	}
	return values
}

// Reading stops where a query would hold more than it may, before the engine has seen a sample.
func TestTooManySamples(t *testing.T) {
	r := record(t, service.Config{}, promql.Options{MaxSamples: 3000})
	r.write(r.series(service.RTT, "dsl", nil), noon, 100*time.Millisecond, many(1001)...)
	r.write(r.series(service.RTTDelta, "dsl", nil), noon, 100*time.Millisecond, many(900)...)
	at := noon.Add(2 * time.Minute)
	for expr, fails := range map[string]bool{
		`count_over_time(wanctl_rtt_ms[5m])`:                                                 true,
		`count_over_time(wanctl_rtt_delta_ms[5m])`:                                           false,
		`avg_over_time(wanctl_rtt_delta_ms[5m]) - min_over_time(wanctl_rtt_delta_ms[5m])`:    false,
		`max_over_time(wanctl_rtt_delta_ms[5m]) - max_over_time(wanctl_rtt_delta_ms[4m59s])`: true,
		`wanctl_rtt_ms[1s]`: false,
	} {
		result, err := r.Instant(t.Context(), expr, at, promql.Settings{})
		if errors.Is(err, promql.ErrTooManySamples) != fails || (err == nil) == fails {
			t.Errorf("%s: %v", expr, err)
		}
		if err == nil {
			result.Close()
			result.Close()
		}
	}
	_, err := r.Instant(t.Context(), `count_over_time(wanctl_rtt_ms[5m])`, at, promql.Settings{})
	if _, ok := errors.AsType[upstream.ErrTooManySamples](err); !ok {
		t.Errorf("%v is not what Prometheus says", err)
	}
}

// Where samples are too many for windows that fit no bucket, buckets answer that windows cut.
// Nothing is lost by it, and the answer says so.
func TestTooManyForOddWindows(t *testing.T) {
	config := service.Config{KeepRaw: 6 * time.Hour, Keep1m: 6 * time.Hour}
	r := record(t, config, promql.Options{MaxSamples: 3000})
	const n = 7200
	r.write(r.series(service.RTT, "dsl", nil), noon, time.Second, many(n)...)
	r.write(r.series(service.State, "dsl", nil), noon, time.Second, make([]float64, n)...)
	r.age(3 * time.Hour)
	const note = "\nPromQL info: windows of %s have even shares of buckets of 1m since finer ones " +
		"are gone or too many (1:1)"
	odd := noon.Add(150*time.Minute + 12345*time.Millisecond)
	r.check([]asked{
		{`count_over_time(wanctl_rtt_ms[150m])`, odd.Sub(noon), `{wan="dsl"} 7200` +
			fmt.Sprintf(note, "count_over_time")},
		{`avg_over_time(wanctl_rtt_ms[3h])`, odd.Sub(noon), `{wan="dsl"} 3599.5` +
			fmt.Sprintf(note, "avg_over_time")},
		{`quantile_over_time(0.5, wanctl_state[3h]) + min_over_time(wanctl_state[10m] offset 150m)`,
			odd.Sub(noon), `{wan="dsl"} 0` + fmt.Sprintf(note, "quantile_over_time")},
		{`max_over_time(wanctl_rtt_ms[10m] offset 150m)`, odd.Sub(noon), `{wan="dsl"} 12`},
		{`stddev_over_time(wanctl_rtt_ms[3h])`, odd.Sub(noon),
			`error: query needs too many samples: expanding series: ` +
				`query processing would load too many samples into memory in reading`},
		{`max_over_time(wanctl_rtt_ms[3h]) + stddev_over_time(wanctl_rtt_ms[3h])`,
			odd.Sub(noon) + 2*time.Millisecond, // where both divide time into milliseconds
			`error: query needs too many samples: expanding series: ` +
				`query processing would load too many samples into memory in reading`},
	})
}

// A query ends with its time and with its context.
func TestQueriesEnd(t *testing.T) {
	r := told(t)
	_, err := r.Instant(t.Context(), "wanctl_rtt_ms", noon, promql.Settings{Timeout: time.Nanosecond})
	if !errors.Is(err, promql.ErrTimeout) {
		t.Errorf("out of time: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Instant(ctx, "wanctl_rtt_ms", noon, promql.Settings{})
	if !errors.Is(err, promql.ErrCanceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, _, err = r.Series(ctx, promql.Selection{}); !errors.Is(err, promql.ErrCanceled) {
		t.Errorf("listing cancelled: %v", err)
	}
}

// A range without steps is refused: the engine would step back, and not end.
func TestRangesWithoutSteps(t *testing.T) {
	r := told(t)
	for name, test := range map[string]struct {
		until time.Time
		step  time.Duration
	}{
		"backward step":  {noon, -45 * time.Millisecond},
		"no step":        {noon.Add(time.Hour), 0},
		"too short":      {noon, time.Millisecond - 1},
		"ends too early": {noon.Add(-time.Second), time.Second},
	} {
		_, err := r.Range(t.Context(), "max_over_time(stddev_over_time(wanctl_rtt_ms[1ms])[1h:1s])", noon,
			test.until, test.step, promql.Settings{Timeout: 10 * time.Second})
		if !errors.Is(err, promql.ErrRange) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Windows may be so narrow that the buckets that are left have millions of shares: those between
// the windows are not looked at.
func TestNarrowWindows(t *testing.T) {
	r := record(t, service.Config{KeepRaw: time.Hour, Keep1m: 2 * time.Hour, Keep5m: 3 * time.Hour,
		RetentionDays: 90}, promql.Options{Timeout: 5 * time.Second})
	const days, steps = 60, 24*60 - 2 // of which only buckets are left
	r.write(r.series(service.RTT, "dsl", nil), noon, 30*time.Minute, many(2*24*days)...)
	r.age(days * 24 * time.Hour)
	for _, function := range []string{"avg", "sum", "max"} {
		result, err := r.Range(t.Context(), function+"_over_time(wanctl_rtt_ms[1ms])",
			noon.Add(7*time.Millisecond), noon.Add(steps*time.Hour), time.Hour, promql.Settings{})
		must(t, err)
		n := 0
		for series := range result.Series() {
			for range series.Points() {
				n++
			}
		}
		result.Close()
		if n != steps {
			t.Errorf("%s has %d values, want %d", function, n, steps)
		}
	}
}

// What is wrong with an expression has its place in it.
func TestParseErrors(t *testing.T) {
	r := told(t)
	for _, test := range []struct {
		expr       string
		start, end int
		text       string
	}{
		{"1 +", 3, 3, "1:4: parse error: unexpected end of input"},
		{"avg_over_time(x)", 14, 15,
			`1:15: parse error: expected type range vector in call to function "avg_over_time", ` +
				`got instant vector`},
		{"x{\n" + promql.ReservedLabel + "=''}", 3, 15,
			"2:1: parse error: the label __wanstore__ is reserved"},
		{"x[5m]", 0, 5, `invalid expression type "range vector" for range query, must be Scalar or ` +
			`instant Vector`},
	} {
		_, err := r.Range(t.Context(), test.expr, noon, noon, time.Second, promql.Settings{})
		bad, ok := errors.AsType[*promql.ParseError](err)
		if !ok || bad.Start != test.start || bad.End != test.end || err.Error() != test.text {
			t.Errorf("%q: %+v: %v", test.expr, bad, err)
		}
	}
}

// Lookback is how long a sample holds, and does not end a bucket sooner.
func TestLookback(t *testing.T) {
	r := told(t)
	ask := func(after, lookback time.Duration) string {
		result, err := r.Instant(t.Context(), "wanctl_rtt_ms", noon.Add(after),
			promql.Settings{Lookback: lookback})
		text, _, _ := strings.Cut(shown(result, err), "\n")
		return strings.TrimPrefix(text, `{__name__="wanctl_rtt_ms", wan="dsl"} `)
	}
	if before, after := ask(3*time.Minute, 20*time.Second), ask(3*time.Minute, time.Minute); before !=
		"" || after != "30" {
		t.Errorf("20 s after a sample there is %q in a minute, %q in 20 s", after, before)
	}
	r.age(hours)
	for _, lookback := range []time.Duration{time.Millisecond, 7 * time.Second, 24 * time.Hour} {
		for after, want := range map[time.Duration]string{
			-1: "PromQL", 0: "7.25", 2999 * time.Second: "7.25", time.Hour - 1: "7.25", time.Hour: "PromQL",
		} {
			if got := ask(after, lookback); !strings.HasPrefix(got, want) && got != "" {
				t.Errorf("%s after noon, looking back %s: %q, want %s", after, lookback, got, want)
			}
		}
	}
}

// A query sees one state of the file, whatever is recorded and deleted meanwhile, and many may ask
// at once.
func TestWhileTheFileChanges(t *testing.T) {
	r := told(t)
	failed := make(chan error)
	const askers = 4
	for range askers {
		go func() {
			failed <- func() error {
				for range 50 {
					result, err := r.Instant(t.Context(), "sum_over_time(wanctl_rtt_ms[1h])"+
						" - avg_over_time(wanctl_rtt_ms[1h]) * count_over_time(wanctl_rtt_ms[1h])",
						noon.Add(time.Hour), promql.Settings{})
					if err != nil {
						return err
					}
					vector := result.Value.(upstream.Vector)
					if len(vector) != 1 || vector[0].F > 1e-9 || vector[0].F < -1e-9 {
						return fmt.Errorf("%v is not 0", vector)
					}
					result.Close()
				}
				return nil
			}()
		}()
	}
	line := r.series(service.RTT, "dsl", nil)
	for i := range 40 {
		r.write(line, noon.Add(time.Duration(20+i)*time.Minute), time.Second, many(10)...)
		r.age(time.Duration(21+i) * time.Minute)
	}
	r.age(fives)
	for range askers {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
