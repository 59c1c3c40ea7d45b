package promql

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// drawing is an expression that is being made: every duration in it is a multiple of the grid.
type drawing struct {
	random *rand.Rand
	grid   time.Duration
	raw    bool          // the windows are those of raw samples
	back   time.Duration // how far from the moments of the query it looks back, at most
	ahead  time.Duration // how far ahead
	exact  bool          // every value is one of Prometheus's to the last bit
}

// functions are answered exactly from buckets; the last four to the last bit.
var functions = []string{
	"avg_over_time", "sum_over_time", "count_over_time", "min_over_time", "max_over_time",
	"present_over_time",
}

// rawFunctions are answered exactly from raw samples only.
var rawFunctions = []string{
	"rate", "increase", "resets", "changes", "stddev_over_time", "stdvar_over_time", "deriv", "delta",
	"last_over_time", "irate",
}

// recorded are selectors of what was recorded, as it was.
var recorded = []string{
	"wanctl_rtt_ms", `wanctl_rtt_ms{wan="spectrum"}`, `wanctl_rtt_ms{target=""}`,
	`{__name__=~"wanctl_rtt_ms|load"}`, "load", `load{modem!="x"}`, `{wan=~"a.*",__name__="load"}`,
	"wanctl_state", `phase{state="own"}`,
}

// shares are those of shares of states.
var shares = []string{
	"wanctl_state_ratio", `wanctl_state_ratio{state="RED"}`, `{__name__="phase_ratio"}`,
	`phase_ratio{state=~"[01]"}`, `wanctl_state_ratio{wan!="att",state!="GREEN"}`,
	`phase_ratio{exported_state="own"}`,
}

func pick[T any](random *rand.Rand, list ...T) T { return list[random.IntN(len(list))] }

// span draws a multiple of the grid.
func (d *drawing) span(most int) time.Duration {
	return time.Duration(1+d.random.IntN(most)) * d.grid
}

// text is how PromQL writes a duration.
func text(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

// shift draws an offset, or a moment to look at. AT is replaced once the moments are known.
func (d *drawing) shift() string {
	switch d.random.IntN(8) {
	case 0:
		offset := d.span(6)
		d.back += offset
		return " offset " + text(offset)
	case 1:
		offset := d.span(3)
		d.ahead += offset
		return " offset -" + text(offset)
	case 2:
		return " @ AT"
	}
	return ""
}

// leaf draws one function of one selector.
func (d *drawing) leaf() string { return d.over(d.function(), d.selector()) }

func (d *drawing) function() string {
	if d.raw && d.random.IntN(2) == 0 {
		return pick(d.random, rawFunctions...)
	}
	return pick(d.random, functions...)
}

func (d *drawing) selector() string {
	if d.random.IntN(3) == 0 {
		return pick(d.random, shares...)
	}
	return pick(d.random, recorded...)
}

func (d *drawing) over(function, selector string) string {
	window := d.span(12)
	d.back += window
	d.exact = d.exact && slices.Index(functions, function) > 1
	return fmt.Sprintf("%s(%s[%s]%s)", function, selector, text(window), d.shift())
}

// subquery draws a function over the answers of another one.
func (d *drawing) subquery() string {
	inner := d.expression(false)
	step := d.span(4)
	window := d.span(12)
	d.back += window + step
	d.exact = false
	function := pick(d.random, pick(d.random, functions...), "last_over_time", "stddev_over_time")
	return fmt.Sprintf("%s((%s)[%s:%s]%s)", function, inner, text(window), text(step), d.shift())
}

// expression draws one that may have a subquery.
func (d *drawing) expression(subqueries bool) string {
	switch d.random.IntN(14) {
	case 0:
		return "sum by (wan) (" + d.leaf() + ")"
	case 1:
		return "max without (target, modem, state, exported_state) (" + d.leaf() + ")"
	case 2:
		return d.binary()
	case 3, 4:
		if subqueries {
			return d.subquery()
		}
	case 5:
		return d.leaf() + " > bool 5.0003"
	case 6:
		return "absent(" + d.leaf() + ")"
	case 7:
		d.exact = false
		return "clamp_max(abs(" + d.leaf() + "), 100)"
	case 8:
		return d.leaf() + " or " + d.leaf()
	case 9:
		return d.absent()
	}
	return d.leaf()
}

func (d *drawing) binary() string {
	selector := d.selector()
	a := d.over(pick(d.random, "avg_over_time", "min_over_time"), selector)
	b := d.over(pick(d.random, "max_over_time", "count_over_time"), selector)
	d.exact = false
	return a + pick(d.random, " - ", " + ", " * ", " / ") + b
}

func (d *drawing) absent() string {
	return d.over("absent_over_time", pick(d.random, `wanctl_rtt_ms{wan="att"}`, "nothing",
		`load{modem="y"}`, `phase_ratio{state="1"}`))
}

// queryOn draws a query for a world on a grid of time, ok false where the world has no room for it.
func (w *world) queryOn(grid time.Duration, floor int64) (q query, d *drawing, ok bool) {
	d = &drawing{random: w.random, grid: grid, exact: true}
	d.raw = grid%time.Minute != 0
	q.expr = d.expression(!d.raw)
	first := time.UnixMilli(max(floor, w.start.UnixMilli())).Add(d.back)
	first = first.Truncate(time.Hour).Add(time.Hour).UTC()
	if d.raw {
		first = first.Add(170 * time.Millisecond) // no window ends with a whole second
	}
	room := w.end.Sub(first)
	if room <= 2*grid {
		return q, d, false
	}
	q.from = first.Add(time.Duration(w.random.Int64N(int64(room/grid))) * grid)
	q.until = q.from
	if w.random.IntN(3) > 0 {
		q.step = d.span(5)
		q.until = q.from.Add(q.step*time.Duration(w.random.IntN(30)) + pick(w.random, 0, time.Second))
	}
	at := first.Add(time.Duration(w.random.Int64N(int64(room/grid))) * grid)
	q.expr = strings.ReplaceAll(q.expr, "AT",
		fmt.Sprintf("%d.%03d", at.Unix(), at.UnixMilli()%1000))
	return q, d, true
}
