package httpapi_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What costs a lot ends in time and in bounded memory, with one of the documented answers.
func TestCostlyQueries(t *testing.T) {
	handler := answering(t)
	for _, query := range []string{
		"absent_over_time(nosuch[100y:1ms])",
		"max_over_time(vector(1)[1y:1ms])",
		"max_over_time(vector(1)[30m:1ms])",
		`count_values("v", wanctl_rtt_ms + time())`,
		`count_values("v", vector(time()))`,
		"stddev_over_time(wanctl_rtt_ms[1h])",
		"quantile_over_time(0.5, wanctl_rtt_ms[1h])",
		"deriv(wanctl_rtt_ms[1h:1s])",
		"max_over_time(stddev_over_time(wanctl_rtt_ms[1h])[1h:1s])",
		"sum_over_time(sum_over_time(sum_over_time(wanctl_rtt_ms[1h:1s])[1h:1s])[1h:1s])",
		"wanctl_rtt_ms" + strings.Repeat("+wanctl_rtt_ms", 2000),
		"wanctl_rtt_ms" + strings.Repeat("+(wanctl_rtt_ms"+strings.Repeat("+wanctl_rtt_ms", 90)+")", 20),
		strings.Repeat("-", 4000) + "wanctl_rtt_ms",
		strings.Repeat("sum(", 1000) + "wanctl_rtt_ms" + strings.Repeat(")", 1000),
		strings.Repeat("max_over_time(", 500) + "wanctl_rtt_ms" + strings.Repeat("[1h:1m])", 500),
		strings.Repeat("avg_over_time(", 4) + "wanctl_rtt_ms" + strings.Repeat("[1h:1m])", 4),
		`{__name__=~"(a*)*(b*)*c.*|.+"}`,
		"count_over_time(wanctl_rtt_ms[290y])",
		"predict_linear(wanctl_rtt_ms[1h], 1e300)",
		"topk(1e300, wanctl_rtt_ms)",
		"day_of_year(vector(1e300))",
	} {
		form := url.Values{"query": {query}, "timeout": {"1s"}, "stats": {"all"},
			"time":  {strconv.FormatInt(begin.Unix()+3600, 10)},
			"start": {strconv.FormatInt(begin.Unix(), 10)},
			"end":   {strconv.FormatInt(begin.Unix()+3600, 10)}, "step": {"0.35"}}
		for _, path := range []string{"query", "query_range"} {
			asked := time.Now()
			answer := ask(handler, path, form)
			if took := time.Since(asked); took > 30*time.Second {
				t.Errorf("%s of %.60s takes %s", path, query, took)
			}
			known := []int{http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity,
				http.StatusServiceUnavailable}
			if !slices.Contains(known, answer.Code) {
				t.Errorf("%s of %.60s: %d %.300s", path, query, answer.Code, answer.Body)
			}
		}
	}
}

// FuzzQuery: whatever is asked, the answer comes in time, and is one of those that are documented.
//
//ci:fuzz 200
func FuzzQuery(f *testing.F) {
	handler := answering(f)
	for _, seed := range []string{
		"1+1", "wanctl_rtt_ms", `avg_over_time(wanctl_state_ratio{state="RED"}[1h])`,
		"quantile_over_time(0.95, wanctl_rtt_ms[5m])", "max_over_time(wanctl_rtt_ms[1h:1s] offset 5m)",
		`sum by (wan) (rate(wanctl_rtt_ms[1m] @ end()))`,
		`label_replace(wanctl_rtt_ms,"a","$1","wan","(.*)")`,
		`count_values("v", wanctl_state)`, "absent(nosuch)", "topk(1, wanctl_rtt_ms)",
		"-wanctl_rtt_ms ^ 2 > bool 3 unless on(wan) wanctl_state", "holt_winters(wanctl_rtt_ms[1h],1,1)",
		"wanctl_rtt_ms offset -100y", "wanctl_rtt_ms @ 1e300", "\xff", `{"é"=~".+"}`, "", "(((",
	} {
		f.Add(seed, "1772323200", "1772326800", "15", "", "5m")
	}
	f.Add("time()", "-1e15", "9223372036854775", "1e9", "3", "1ms")
	f.Add("wanctl_rtt_ms", "0", "1e18", "0.0001", "-1", "-5m")
	f.Fuzz(func(t *testing.T, query, start, end, step, limit, lookback string) {
		form := url.Values{"query": {query}, "start": {start}, "end": {end}, "time": {end},
			"step": {step}, "limit": {limit}, "lookback_delta": {lookback}, "match[]": {query},
			"timeout": {"1s"}}
		for _, path := range []string{"query", "query_range", "series", "labels",
			"label/" + url.PathEscape(limit) + "/values"} {
			var answer, method = ask(handler, path, form), http.MethodPost
			if strings.HasPrefix(path, "label/") {
				answer, method = ask(handler, path+"?"+form.Encode(), nil), http.MethodGet
			}
			switch answer.Code {
			case 200, 400, 404, 413, 422, 503:
			default:
				t.Errorf("%s %s?%s: %d %s", method, path, form.Encode(), answer.Code, answer.Body)
			}
		}
	})
}
