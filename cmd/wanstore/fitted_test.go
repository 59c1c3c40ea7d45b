package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// Summaries fit into 120 columns, in whatever steps; what does not fit is left out, and what is
// always shown stays.
func TestSummariesFit(t *testing.T) {
	zone := time.FixedZone("", 3600)
	shown := look{zone: zone, styles: valueStyles(service.Metrics())}
	at := time.Date(2026, 11, 30, 12, 34, 56, 0, zone)
	measured := service.Summary{
		Time: at, Width: 2 * time.Hour, Metric: service.RateDownload, WAN: "demo-cable",
		Aggregation: service.Average, Count: 1728000, Min: 0.25, Max: 1234.5, Avg: 654.32,
		Last: 812.25, LastTime: at,
	}
	state := service.Summary{
		Time: at, Width: 2 * time.Hour, Metric: service.State, WAN: "demo-cable",
		Aggregation: service.Mode, Count: 1728000, Max: 3, Last: 2, LastTime: at,
		States: []service.StateShare{
			{Value: 0, Count: 1, Share: 0.9}, {Value: 1, Count: 1, Share: 0.05},
			{Value: 3, Count: 1, Share: 0.05},
		},
	}
	for _, labels := range []service.Labels{nil, {"probe": "tcp"}} {
		for _, step := range []time.Duration{0, time.Hour, 24 * time.Hour} {
			measured.Labels, state.Labels = labels, labels
			var out bytes.Buffer
			output := newSummaryRows(formatTable, &out, service.Query{Step: step}, shown,
				quantiles{0.5, 0.95, 0.99})
			for _, one := range []service.Summary{measured, state} {
				if err := output.add(one); err != nil {
					t.Fatal(err)
				}
			}
			if err := output.end(); err != nil {
				t.Fatal(err)
			}
			for line := range strings.SplitSeq(out.String(), "\n") {
				if len(line) > fittedWidth {
					t.Errorf("step %s, labels %v: %d columns: %s", step, labels, len(line), line)
				}
			}
			for _, always := range []string{"654.3", "P95", "GREEN 90.0 %"} {
				if !strings.Contains(out.String(), always) {
					t.Errorf("step %s, labels %v: no %s in\n%s", step, labels, always, out.String())
				}
			}
		}
	}
}

// Without rows there is a row of titles, and no empty table before another one.
func TestNoSummaries(t *testing.T) {
	var out bytes.Buffer
	shown := look{zone: time.UTC}
	if err := newSummaryRows(formatTable, &out, service.Query{}, shown, nil).end(); err != nil {
		t.Fatal(err)
	}
	want := []string{"WAN", "METRIC", "COUNT", "MIN", "AVG", "MAX", "LAST", "LAST TIME"}
	if got := strings.TrimSuffix(out.String(), "\n"); got != strings.Join(want, "  ") {
		t.Errorf("got %q, want the titles %q", got, want)
	}
}
