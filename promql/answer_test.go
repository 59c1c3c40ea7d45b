package promql_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// An answer shows its series without the types of Prometheus.
func TestSeriesOfAnAnswer(t *testing.T) {
	r := record(t, service.Config{}, promql.Options{})
	r.write(r.series(service.RTT, "dsl", nil), noon, time.Minute, 1)
	for _, test := range []struct {
		expr string
		want []string
	}{
		{"wanctl_rtt_ms", []string{`wanctl_rtt_ms{wan="dsl"} 1 values, 1`}},
		{"wanctl_rtt_ms * 2", []string{`{wan="dsl"} 1 values, 2`}},
		{"sum(wanctl_rtt_ms)", []string{`{} 1 values, 1`}},
		{`label_replace(wanctl_rtt_ms, "__name__", "a b", "", "")`,
			[]string{`{__name__="a b", wan="dsl"} 1 values, 1`}},
		{"sum by (__name__) (wanctl_rtt_ms)", []string{`wanctl_rtt_ms 1 values, 1`}},
		{"3", []string{`{} 1 values, 3`}},
		{`"a"`, nil},
		{"none", nil},
	} {
		result, err := r.Instant(t.Context(), test.expr, noon, promql.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for series := range result.Series() {
			values, last := 0, 0.0
			for at, value := range series.Points() {
				if !at.Equal(noon) {
					t.Errorf("%s: a value of %s", test.expr, at)
				}
				values, last = values+1, value
			}
			got = append(got, fmt.Sprintf("%s %d values, %v", series, values, last))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.expr, got, test.want)
		}
		text, at, isText := result.Text()
		if isText != (test.expr == `"a"`) || isText && (text != "a" || !at.Equal(noon)) {
			t.Errorf("%s: text %q of %s", test.expr, text, at)
		}
		if hasSeries := test.expr != "3" && !isText; result.HasSeries() != hasSeries {
			t.Errorf("%s: series: %v", test.expr, !hasSeries)
		}
		result.Close()
	}
}

func TestMetricsOf(t *testing.T) {
	for expr, want := range map[string][]string{
		`rate(b[5m]) + on () sum({x="y"}) + a + a`: {"a", "b"},
		`{__name__=~"a"}`:                          nil,
		`sum(`:                                     nil,
	} {
		if got := promql.MetricsOf(expr); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}
