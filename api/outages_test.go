package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/service"
)

// An outage of four minutes is one whatever the step, as in a report, as far as it lies in the
// range. A WAN without states has no list.
func TestOutages(t *testing.T) {
	t.Parallel()
	r := record(t, service.Config{})
	begin := time.Now().Add(-20 * time.Minute).Truncate(time.Minute)
	down, up := begin.Add(8*time.Minute), begin.Add(12*time.Minute)
	rtt, state := r.series(t, service.RTT, "cable", nil), r.series(t, service.State, "cable", nil)
	for at := begin; at.Before(begin.Add(18 * time.Minute)); at = at.Add(5 * time.Second) {
		red := 0.0
		if !at.Before(down) && at.Before(up) {
			red = 3
		} else {
			r.write(t, service.Sample{Series: rtt, Time: at, Value: 20})
		}
		r.write(t, service.Sample{Series: state, Time: at, Value: red},
			service.Sample{Series: r.series(t, service.RateDownload, "lte", nil), Time: at, Value: 1},
			service.Sample{Series: r.series(t, service.State, "dsl", nil), Time: at, Value: 0})
	}
	ask := func(query string) string {
		t.Helper()
		return string(history(t, r.api, "/metrics/history?limit=1&outages=yes&"+query).Outages)
	}
	outage := func(from, until time.Time, worst string) string {
		return fmt.Sprintf(`[{"wan_name":"cable","outages":[{"from":%d,"to":%d,"seconds":%v,`+
			`"granularity_seconds":60,"worst_rtt_ms":%s}]},{"wan_name":"dsl","outages":[]}]`,
			from.Unix(), until.Unix(), until.Sub(from).Seconds(), worst)
	}
	for _, step := range []string{"", "&step=1s", "&step=5m", "&step=1d"} {
		got := ask(fmt.Sprintf("from=%d%s", begin.Unix(), step))
		if diff := cmp.Diff(outage(down, up, "20"), got); diff != "" {
			t.Errorf("%s: %s", step, diff)
		}
	}
	from, until := down.Add(61*time.Second), down.Add(150*time.Second)
	got := ask(fmt.Sprintf("from=%d&to=%d", from.Unix(), until.Unix()))
	if diff := cmp.Diff(outage(down.Add(2*time.Minute), until, "null"), got); diff != "" {
		t.Error(diff)
	}
	if got := ask("wan=lte"); got != "[]" {
		t.Errorf("without states: %s", got)
	}
	why := refusal(t, r.api, "/metrics/history?outages=yes&format=csv", http.StatusBadRequest)
	if why.Error.Parameter != "outages" {
		t.Errorf("%+v", why)
	}
}
