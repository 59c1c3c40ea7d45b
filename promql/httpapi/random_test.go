package httpapi_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Expressions of every kind, put together at random, are answered or refused with the reason, and
// never with a bug of this program.
func TestRandomQueries(t *testing.T) {
	handler := answering(t)
	rapid.Check(t, func(t *rapid.T) {
		query := vectorOf(t, rapid.IntRange(0, 4).Draw(t, "depth"))
		start := begin.Unix() + rapid.Int64Range(-3600, 7200).Draw(t, "start")
		step := rapid.SampledFrom([]string{"1", "15", "60", "300", "7.5", "3600"}).Draw(t, "step")
		form := url.Values{"query": {query}, "timeout": {"2s"}, "step": {step},
			"start": {strconv.FormatInt(start, 10)}, "time": {strconv.FormatInt(start, 10)},
			"end": {strconv.FormatInt(start+rapid.Int64Range(0, 3600).Draw(t, "length"), 10)}}
		for _, path := range []string{"query", "query_range"} {
			switch answer := ask(handler, path, form); answer.Code {
			case http.StatusOK, http.StatusUnprocessableEntity, http.StatusServiceUnavailable:
			case http.StatusBadRequest:
				if !strings.Contains(answer.Body.String(), "subquer") { // which may have too many steps
					t.Errorf("%s: %s", query, answer.Body)
				}
			default:
				t.Errorf("%s: %d %s", query, answer.Code, answer.Body)
			}
		}
	})
}

func pick(t *rapid.T, from ...string) string { return rapid.SampledFrom(from).Draw(t, "") }

// selectorOf makes a selector of series.
func selectorOf(t *rapid.T) string {
	matchers := pick(t, "", `wan="lte"`, `wan=~"c.*|x"`, `state!="RED"`, `wan!~"l.*"`)
	name := pick(t, "wanctl_rtt_ms", "wanctl_state", "wanctl_state_ratio", "nosuch", "")
	if name != "" {
		return name + "{" + matchers + "}"
	}
	return `{__name__=~"wanctl.*",` + matchers + "}"
}

func shiftOf(t *rapid.T) string {
	return pick(t, "", "", "", " offset 5m", " offset -90s", " @ start()", " @ end()",
		" @ 1772325000.5 offset 7s")
}

// rangeOf makes a range of samples, or a subquery.
func rangeOf(t *rapid.T, depth int) string {
	window := pick(t, "1s", "15s", "1m", "5m", "7m30s", "1h")
	if depth <= 0 || rapid.Bool().Draw(t, "plain") {
		return selectorOf(t) + "[" + window + "]" + shiftOf(t)
	}
	window += ":" + pick(t, "", "1s", "30s", "1m")
	return vectorOf(t, depth-1) + "[" + window + "]" + shiftOf(t)
}

// vectorOf makes an instant vector.
func vectorOf(t *rapid.T, depth int) string {
	inner := func() string { return vectorOf(t, depth-1) }
	if depth <= 0 {
		return selectorOf(t) + shiftOf(t)
	}
	switch rapid.IntRange(0, 7).Draw(t, "kind") {
	case 0, 1, 2:
		return pick(t, "avg", "sum", "count", "min", "max", "present", "absent", "last", "stddev",
			"stdvar") + "_over_time(" + rangeOf(t, depth) + ")"
	case 3:
		return pick(t, "quantile_over_time(0.95, ", "quantile_over_time(NaN, ", "rate(", "increase(",
			"changes(", "resets(", "deriv(", "delta(", "irate(", "idelta(") + rangeOf(t, depth) + ")"
	case 4:
		return pick(t, "sum(", "avg by (wan) (", "count without (wan) (", "max(", "group by (state) (",
			"stddev(", "topk(1, ", "quantile(0.5, ", `count_values("v", `) + inner() + ")"
	case 5:
		return "(" + inner() + pick(t, " + ", " - on(wan) ", " / ignoring(state) ", " > bool ", " and ",
			" or ", " unless ", " ^ ", " * on(wan) group_left() ") + inner() + ")"
	case 6:
		return pick(t, "abs(", "timestamp(", "sort_desc(", "ceil(", "absent(", "hour(", "sgn(",
			"histogram_quantile(0.9, ") + inner() + ")"
	default:
		return `label_replace(` + inner() + `, "wan", "x$1", "wan", "(.).*")`
	}
}
