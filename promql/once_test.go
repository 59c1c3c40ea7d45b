package promql_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/promql"
)

// Whether windows lie apart, touch or overlap, and whether they fit buckets, a mean is the sum
// divided by the count.
func TestAnAverageIsTheSumDividedByTheCount(t *testing.T) {
	random := filetest.Random(t)
	r, _ := story(t, random)
	widths := []time.Duration{time.Second, 90 * time.Second, time.Minute, 5 * time.Minute, time.Hour}
	for range 100 {
		window := widths[random.IntN(len(widths))] * time.Duration(1+random.IntN(4))
		step := widths[1+random.IntN(len(widths)-1)] * time.Duration(1+random.IntN(4))
		if random.IntN(2) == 0 {
			step = window
		}
		from := noon.Add(time.Duration(random.Int64N(int64(48 * time.Hour)))).Truncate(window)
		modifier := []string{"", " offset 1h", " offset -7s", " @ end()", " @ 1772460000"}[random.IntN(5)]
		selector := fmt.Sprintf(`({wan=~"dsl|lte"}[%s]%s)`, milliseconds(window), modifier)
		wrap := []string{"%s", "sum by (wan) (%s)", "-%s", "max_over_time(%s[1h:5m])"}[random.IntN(4)]
		for _, over := range []string{
			selector, fmt.Sprintf(`(wanctl_state_ratio[%s]%s)`, milliseconds(window), modifier),
		} {
			mean := fmt.Sprintf(wrap, "avg_over_time"+over)
			quotient := fmt.Sprintf(wrap, "(sum_over_time"+over+" / count_over_time"+over+")")
			wantAlike(t, r, mean, quotient, from, step)
		}
	}
}

// The engine evaluates an @ in a subquery at an @ at another moment than the end of the window.
func TestAnAverageInASubquery(t *testing.T) {
	r := told(t)
	const window = `_over_time(wanctl_rtt_ms[12h] @ 1772456400)`
	within := func(expr string) string {
		return "max_over_time((" + expr + " * 1)[3h:2h] @ 1772463600)"
	}
	wantAlike(t, r, within("avg"+window), within("sum"+window+" / count"+window),
		noon.Add(2*time.Hour), time.Hour)
}

// A function without arguments may stand where an average has its sum.
func TestNoAverageInParentheses(t *testing.T) {
	r := told(t)
	r.check([]asked{
		{`(year() == 2026)`, question, `{} 2026`},
		{`(time() - time()) * wanctl_rtt_ms`, question, `{wan="dsl"} 0`},
		{`(pi() > pi() - wanctl_rtt_ms)`, question, `{wan="dsl"} -1.85841`},
	})
	if got, want := r.ranged(`(hour() * 1)`, noon, noon, time.Minute), `{} 0s=12`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// wantAlike compares the answers to two expressions at 20 steps, and at the first of them alone.
func wantAlike(
	t *testing.T, r *recording, one, other string, from time.Time, step time.Duration,
) {
	t.Helper()
	const steps = 20
	answer := func(expr string, until time.Time) map[string]float64 {
		result, err := r.Range(t.Context(), expr, from, until, step, promql.Settings{})
		must(t, err)
		defer result.Close()
		values := map[string]float64{}
		for _, s := range result.Value.(upstream.Matrix) {
			for _, p := range s.Floats {
				values[fmt.Sprintf("%s at %s", s.Metric, time.UnixMilli(p.T).UTC())] = p.F
			}
		}
		return values
	}
	for _, until := range []time.Time{from, from.Add(steps * step)} {
		got, want := answer(one, until), answer(other, until)
		if len(got) != len(want) {
			t.Errorf("%s from %s by %s: %d values, want %d", one, from, step, len(got), len(want))
		}
		for key, value := range want {
			if is, ok := got[key]; !ok || math.Abs(is-value) > 1e-9 {
				t.Errorf("%s by %s, %s: %v (%v), want %v", one, step, key, is, ok, value)
			}
		}
	}
}
