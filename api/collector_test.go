package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// scrape returns the exposition of an API and what it says.
func scrape(t *testing.T, a *api.API) (text string, families map[string]*dto.MetricFamily) {
	t.Helper()
	answer := ask(t, a, http.MethodGet, "/metrics")
	if answer.Code != http.StatusOK {
		t.Fatalf("GET /metrics: %d %s", answer.Code, answer.Body)
	}
	text = answer.Body.String()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return text, families
}

// labelsOf returns labels as a map.
func labelsOf(metric *dto.Metric) service.Labels {
	labels := service.Labels{}
	for _, pair := range metric.GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return labels
}

// valueOf returns the only value of a family that is there.
func valueOf(t *testing.T, families map[string]*dto.MetricFamily, name string) float64 {
	t.Helper()
	family := families[name]
	if len(family.GetMetric()) != 1 {
		t.Fatalf("%d metrics of %s, want one", len(family.GetMetric()), name)
	}
	metric := family.GetMetric()[0]
	return metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
}

// newest is a series with its newest sample, in the terms of Prometheus.
type newest struct {
	Metric string
	Labels string
	Value  float64
	Millis int64
}

func sorted(list []newest) []newest {
	slices.SortFunc(list,
		func(a, b newest) int { return strings.Compare(a.Metric+a.Labels, b.Metric+b.Labels) })
	return list
}

// shown returns the series of an exposition.
func shown(families map[string]*dto.MetricFamily) []newest {
	var list []newest
	for name, family := range families {
		if strings.HasPrefix(name, "wanstore_") {
			continue
		}
		for _, metric := range family.GetMetric() {
			list = append(list,
				newest{name, fmt.Sprint(labelsOf(metric)), metric.GetGauge().GetValue(),
					metric.GetTimestampMs()})
		}
	}
	return sorted(list)
}

// latest returns the series of a file.
func latest(t *testing.T, path string) []newest {
	t.Helper()
	history, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	points, err := history.Latest(t.Context(), service.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var list []newest
	for _, point := range points {
		point.Labels["wan"] = point.WAN
		list = append(list,
			newest{point.Metric, fmt.Sprint(point.Labels), point.Value, point.Time.UnixMilli()})
	}
	return sorted(list)
}

// Every series is there with its newest value, at its own time.
func TestMetricsAreTheLatestValues(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	_, families := scrape(t, r.api)
	want := latest(t, r.path)
	if diff := cmp.Diff(want, shown(families)); diff != "" || len(want) != 6 {
		t.Errorf("%d series (-file +shown):\n%s", len(want), diff)
	}
	if _, err := r.writer.Maintain(t.Context()); err != nil { // the oldest are in rollups now
		t.Fatal(err)
	}
	_, families = scrape(t, r.api)
	if diff := cmp.Diff(want, shown(families)); diff != "" {
		t.Errorf("after maintenance (-before +after):\n%s", diff)
	}
}

func TestMetricsHaveHelp(t *testing.T) {
	r := record(t, service.Config{}, service.Metric{
		Name: "modem_temperature_celsius", Help: "How warm the modem is.", Aggregation: service.Average,
	})
	r.fill(t)
	r.write(t, service.Sample{Series: r.series(t, "undeclared", "cable", nil), Time: time.Now(),
		Value: 1})
	_, families := scrape(t, r.api)
	for name, help := range map[string]string{
		service.RTT:                 "Round-trip time to the reflector.",
		"modem_temperature_celsius": "How warm the modem is.",
		"undeclared":                "Recorded metric that does not say what it is.",
	} {
		if got := families[name]; got.GetHelp() != help || got.GetType() != dto.MetricType_GAUGE {
			t.Errorf("%s is a %s: %q, want a gauge: %q", name, got.GetType(), got.GetHelp(), help)
		}
	}
}

// The writer is heard also when there is nothing to read.
func TestMetricsOfAFileThatIsAway(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	_, families := scrape(t, answering(t, api.Options{Path: r.path + ".away", Writer: r.writer}))
	if got := valueOf(t, families, "wanstore_file_readable"); got != 0 {
		t.Errorf("wanstore_file_readable is %v, want 0", got)
	}
	if got := valueOf(t, families, "wanstore_samples_accepted_total"); got != 12 {
		t.Errorf("%v samples accepted, want 12", got)
	}
	if got := shown(families); len(got) != 0 {
		t.Errorf("series %v, want none", got)
	}
}

// A series may not pass itself off as the store.
func TestMetricsWithTheNamesOfOurs(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	now := time.Now()
	for _, name := range []string{"wanstore_queue_depth", "wanstore_commit_duration_seconds_sum"} {
		r.write(t, service.Sample{Series: r.series(t, name, "cable", nil), Time: now, Value: 77})
	}
	text, families := scrape(t, r.api)
	if got := valueOf(t, families, "wanstore_queue_depth"); got != 0 || strings.Contains(text, " 77") {
		t.Errorf("wanstore_queue_depth is %v, want that of the queue:\n%s", got, text)
	}
}

// wanctl's names end in _ms, which the linter would rather have in seconds; a name is not ours to
// change. Nothing else may be found.
const abbreviated = "metric names should not contain abbreviated units"

func TestMetricsPassTheLinter(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	if _, err := r.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, _ := scrape(t, r.api)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		if problem.Metric != service.RTT || problem.Text != abbreviated {
			t.Errorf("%s: %s", problem.Metric, problem.Text)
		}
	}
}

func TestMetricsPassPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool here (Debian package prometheus): the exposition is not checked with it")
	}
	r := record(t, service.Config{})
	now := time.Now()
	for _, name := range []string{service.State, service.RateDownload, service.SteeringEnabled} {
		for _, labels := range []service.Labels{nil, {"host": "a"}, {"host": "a", "site": "b"}} {
			r.write(t, service.Sample{Series: r.series(t, name, "cable", labels), Time: now, Value: 1})
		}
	}
	if out := check(t, promtool, r.api); out != "" {
		t.Errorf("promtool check metrics: %s", out)
	}
	r.fill(t)
	if got, want := check(t, promtool, r.api), service.RTT+" "+abbreviated+"\n"; got != want {
		t.Errorf("promtool check metrics: %q, want %q", got, want)
	}
}

// check returns what promtool finds.
func check(t *testing.T, promtool string, a *api.API) string {
	t.Helper()
	text, _ := scrape(t, a)
	command := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	command.Stdin = strings.NewReader(text)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Run(); (err != nil) != (out.Len() > 0) {
		t.Errorf("promtool: %v: %s", err, out.String())
	}
	return out.String()
}

func TestScrapeWhileRecording(t *testing.T) {
	r := record(t, service.Config{CommitInterval: time.Millisecond})
	s := r.series(t, service.RTT, "cable", nil)
	ctx, stop := context.WithCancel(t.Context())
	var recording sync.WaitGroup
	recording.Go(func() {
		for begin := time.Now(); ctx.Err() == nil; {
			sample := service.Sample{Series: s, Time: time.Now(), Value: time.Since(begin).Seconds()}
			if err := r.writer.Write(t.Context(), sample); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer recording.Wait()
	defer stop()
	var scrapes sync.WaitGroup
	for range 4 {
		scrapes.Go(func() {
			var before newest
			for range 25 {
				_, families := scrape(t, r.api)
				for _, now := range shown(families) {
					if now.Millis < before.Millis || now.Value < before.Value {
						t.Errorf("%v after %v", now, before)
					}
					before = now
				}
			}
		})
	}
	scrapes.Wait()
}

// A host program has metrics of its own, and a registry that checks everything.
func TestCollectorInARegistryOfTheHost(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	registry := prometheus.NewPedanticRegistry()
	own := prometheus.NewCounter(prometheus.CounterOpts{Name: "host_requests_total",
		Help: "Requests of the host."})
	own.Inc()
	registry.MustRegister(own, r.api.Collector())
	gathered, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	families := map[string]*dto.MetricFamily{}
	for _, family := range gathered {
		families[family.GetName()] = family
	}
	if got := valueOf(t, families, "host_requests_total"); got != 1 {
		t.Errorf("host_requests_total is %v, want 1", got)
	}
	delete(families, "host_requests_total")
	if diff := cmp.Diff(latest(t, r.path), shown(families)); diff != "" {
		t.Errorf("series (-file +gathered):\n%s", diff)
	}
}
