package promql

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/wanstore/wanstore/tests/internal/procs"
)

// question is what a benchmark asks.
type question struct {
	expr       string
	prometheus string // what Prometheus is asked, where it has no such metric
	from       time.Time
	step       time.Duration // 0 asks for the end of the week alone
}

func (q question) path() string {
	if q.step == 0 {
		return "query"
	}
	return "query_range"
}

func (q question) form(server string) url.Values {
	form := url.Values{"query": {q.expr}}
	if server == "prometheus" && q.prometheus != "" {
		form.Set("query", q.prometheus)
	}
	seconds := func(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
	if q.step == 0 {
		form.Set("time", seconds(benchEnd))
		return form
	}
	form.Set("start", seconds(q.from))
	form.Set("end", seconds(benchEnd))
	form.Set("step", strconv.FormatInt(int64(q.step/time.Second), 10))
	return form
}

// dashboard is a page of twelve panels, each over a week.
func dashboard() (list []question) {
	for _, expr := range []string{
		"avg_over_time(wanctl_rtt_ms[10m])",
		"max_over_time(wanctl_rtt_ms[10m])",
		"quantile_over_time(0.95, wanctl_rtt_ms[10m])",
		"avg_over_time(wanctl_rtt_baseline_ms[10m])",
		"avg_over_time(wanctl_rtt_delta_ms[10m])",
		"avg_over_time(wanctl_rate_download_mbps[10m])",
		"min_over_time(wanctl_rate_download_mbps[10m])",
		"avg_over_time(wanctl_rate_upload_mbps[10m])",
		"max_over_time(wanctl_steering_enabled[10m])",
		"count_over_time(wanctl_rtt_ms[10m])",
	} {
		list = append(list, question{expr: expr, from: benchWeek.Add(10 * time.Minute),
			step: 10 * time.Minute})
	}
	return append(list,
		question{
			expr:       `avg_over_time(wanctl_state_ratio{state="RED"}[10m])`,
			prometheus: "avg_over_time(wanctl_state[10m])",
			from:       benchWeek.Add(10 * time.Minute), step: 10 * time.Minute,
		},
		question{expr: "avg_over_time(wanctl_rtt_ms[7d])"})
}

// BenchmarkQueries asks wanstore and Debian's Prometheus in turns, over HTTP, the same questions of
// the same samples, each in a process of its own. Times are those of one answer, or of a whole
// dashboard; the memory is what was resident at most while that was answered.
func BenchmarkQueries(b *testing.B) {
	for _, program := range []string{"prometheus", "promtool"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skipf("%s is not there", program)
		}
	}
	dir := b.TempDir()
	file, blocks := filepath.Join(dir, "history.db"), filepath.Join(dir, "blocks")
	makeBenchFile(b, file)
	makeBenchBlocks(b, blocks)
	servers := []*server{startWanstore(b, file), startPrometheus(b, blocks)}
	for name, questions := range map[string][]question{
		"average of 5m, 7 days": {{
			expr: "avg_over_time(wanctl_rtt_ms[5m])", from: benchWeek.Add(5 * time.Minute),
			step: 5 * time.Minute,
		}},
		"p95 of 1h, 30 days": {{
			expr: "quantile_over_time(0.95, wanctl_rtt_ms[1h])", from: benchMonth.Add(time.Hour),
			step: time.Hour,
		}},
		"dashboard": dashboard(),
	} {
		b.Run(name, func(b *testing.B) { inTurns(b, servers, questions) })
	}
}

func inTurns(b *testing.B, servers []*server, questions []question) {
	b.Helper()
	spent, values := make([]cost, len(servers)), make([]int, len(servers))
	for _, s := range servers {
		procs.ForgetPeak(b, s.process.Pid)
	}
	for b.Loop() {
		for i, s := range servers {
			values[i] = 0
			for _, q := range questions {
				took, came := s.measure(b, q)
				spent[i].wall += took.wall
				spent[i].cpu += took.cpu
				values[i] += came
			}
		}
	}
	if values[0] != values[1] {
		b.Errorf("%d values of %s, %d of %s", values[0], servers[0].name, values[1], servers[1].name)
	}
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
	for i, s := range servers {
		b.ReportMetric(per(spent[i].wall), s.name+"-ms")
		b.ReportMetric(per(spent[i].cpu), s.name+"-cpu-ms")
		b.ReportMetric(procs.Peak(b, s.process.Pid), s.name+"-MiB")
	}
	b.ReportMetric(float64(spent[1].wall)/float64(spent[0].wall), "times-as-fast")
	b.ReportMetric(float64(spent[1].cpu)/float64(spent[0].cpu), "times-less-cpu")
	b.ReportMetric(0, "ns/op")
}
