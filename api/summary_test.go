package api_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/service"
)

// A summary is of the range exactly, where points may begin before it; and of all of it, whatever
// the limit.
func TestSummary(t *testing.T) {
	r := record(t, service.Config{})
	begin := time.Now().Add(-10 * time.Minute).Truncate(time.Minute)
	rtt, state := r.series(t, service.RTT, "cable", nil), r.series(t, service.State, "cable", nil)
	for i := range 100 {
		at := begin.Add(time.Duration(i-10) * time.Second)
		r.write(t, service.Sample{Series: rtt, Time: at, Value: float64(i)},
			service.Sample{Series: state, Time: at, Value: float64(i % 3)})
	}
	second := strconv.FormatInt(begin.Unix(), 10)
	p95 := 95.0
	want := []seriesSummary{
		{service.RTT, "cable", map[string]string{}, "avg", 90, 54.5, 10, 99, &p95,
			map[string]float64{}},
		{service.State, "cable", map[string]string{}, "mode", 90, 1, 0, 2, nil,
			map[string]float64{"0": 1.0 / 3, "1": 1.0 / 3, "2": 1.0 / 3}},
	}
	for _, step := range []string{"5m", "1mo"} {
		got := history(t, r.api, "/metrics/history?limit=1&summary=yes&quantiles=0.95&step="+step+
			"&from="+second)
		if diff := cmp.Diff(want, got.Summary); diff != "" {
			t.Errorf("step=%s: %s", step, diff)
		}
	}
	if none := history(t, r.api, "/metrics/history?wan=none&summary=yes"); none.Summary == nil {
		t.Error("no list, want an empty one")
	}
	if unasked := history(t, r.api, "/metrics/history"); unasked.Summary != nil {
		t.Errorf("%+v, want none", unasked.Summary)
	}
}
