package api_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"runtime"
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
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// recorder is a writer with an API over its file.
type recorder struct {
	path   string
	writer *service.Writer
	api    *api.API
}

// record opens a writer that does no maintenance of its own, and an API that knows it.
func record(t testing.TB, config service.Config, metrics ...service.Metric) *recorder {
	t.Helper()
	config.DBPath = filetest.Path(t)
	writer, err := service.OpenWriter(t.Context(), config, service.Options{
		Logger: slog.New(slog.DiscardHandler), Metrics: metrics, NoMaintenance: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &recorder{path: config.DBPath, writer: writer,
		api: answering(t, api.Options{Path: config.DBPath, Writer: writer})}
}

// answering makes an API that is closed before its writer.
func answering(t testing.TB, options api.Options) *api.API {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	a := api.New(options)
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func (r *recorder) series(t testing.TB, metric, wan string, labels service.Labels) *service.Series {
	t.Helper()
	series, err := r.writer.Series(metric, wan, labels)
	if err != nil {
		t.Fatal(err)
	}
	return series
}

func (r *recorder) write(t testing.TB, samples ...service.Sample) {
	t.Helper()
	if err := r.writer.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
}

// fill writes series with and without labels, of measurements and of states.
func (r *recorder) fill(t *testing.T) {
	t.Helper()
	now := time.Now()
	for i, series := range []*service.Series{
		r.series(t, service.RTT, "cable", nil),
		r.series(t, service.RTT, "lte", service.Labels{"reflector": "a \"quoted\" name\\"}),
		r.series(t, service.RTT, "lte", service.Labels{"reflector": "b", "family": "6"}),
		r.series(t, service.RateDownload, "cable", nil),
		r.series(t, service.State, "cable", nil),
		r.series(t, "modem_temperature_celsius", "lte", nil),
	} {
		r.write(t,
			service.Sample{Series: series, Time: now.Add(-time.Hour), Value: 99},
			service.Sample{Series: series, Time: now.Add(time.Duration(i) * 1234567 * time.Microsecond),
				Value: float64(i) + 0.1},
		)
	}
}

// ask asks an API for a path.
func ask(t *testing.T, a *api.API, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	a.Handler().ServeHTTP(answer, httptest.NewRequest(method, path, nil))
	return answer
}

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

// What a writer counts is what it shows.
func TestMetricsOfTheWriter(t *testing.T) {
	r := record(t, service.Config{QueueSize: 1000})
	r.fill(t)
	s := r.series(t, service.RTT, "cable", nil)
	now := time.Now()
	if err := r.writer.Write(t.Context(),
		service.Sample{Series: s, Time: now, Value: math.NaN()},
		service.Sample{Series: s, Time: now.Add(time.Hour), Value: 1},
		service.Sample{Time: now, Value: 1},
	); err == nil {
		t.Fatal("bad samples were taken")
	}
	if _, err := r.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	status := r.writer.Status()
	_, families := scrape(t, r.api)
	for name, want := range map[string]float64{
		"wanstore_queue_depth":                      0,
		"wanstore_queue_capacity":                   1000,
		"wanstore_samples_accepted_total":           12,
		"wanstore_samples_late_total":               0,
		"wanstore_samples_duplicate_total":          0,
		"wanstore_commits_total":                    float64(status.Commits),
		"wanstore_commits_failed_total":             0,
		"wanstore_maintenance_passes_total":         1,
		"wanstore_maintenance_longest_step_seconds": status.LastPass.LongestStep.Seconds(),
		"wanstore_file_readable":                    1,
		"wanstore_series":                           6,
	} {
		if got := valueOf(t, families, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if age := valueOf(t, families, "wanstore_maintenance_age_seconds"); age <= 0 || age > 600 {
		t.Errorf("maintenance is %v s old, want some seconds", age)
	}
	refused := map[string]float64{}
	for _, metric := range families["wanstore_samples_refused_total"].GetMetric() {
		refused[labelsOf(metric)["cause"]] = metric.GetCounter().GetValue()
	}
	want := map[string]float64{"value": 1, "ahead": 1, "series": 1, "too_old": 0, "aggregation": 0,
		"too_many_series": 0, "series_damaged": 0}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refused by cause (-want +got):\n%s", diff)
	}
	if families["wanstore_last_error_timestamp_seconds"] != nil {
		t.Error("there is a last error, and nothing has failed")
	}
}

func TestCommitHistogram(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	status := r.writer.Status()
	_, families := scrape(t, r.api)
	histogram := families["wanstore_commit_duration_seconds"].GetMetric()[0].GetHistogram()
	if got := histogram.GetSampleCount(); got != uint64(status.Commits) || got == 0 {
		t.Errorf("%d commits in the histogram, want %d", got, status.Commits)
	}
	if got := histogram.GetSampleSum(); got != status.CommitTime.Seconds() {
		t.Errorf("they took %v s, want %v", got, status.CommitTime.Seconds())
	}
	buckets := histogram.GetBucket()
	for i, bucket := range buckets[1:] {
		if bucket.GetCumulativeCount() < buckets[i].GetCumulativeCount() ||
			bucket.GetUpperBound() <= buckets[i].GetUpperBound() {
			t.Errorf("bucket %v after %v: want more of both", bucket, buckets[i])
		}
	}
	last := buckets[len(buckets)-1]
	if !math.IsInf(last.GetUpperBound(), 1) || last.GetCumulativeCount() != uint64(status.Commits) {
		t.Errorf("the last bucket is %v, want all of %d up to +Inf", last, status.Commits)
	}
	for i, bound := range status.CommitTimes.Bounds {
		if got := buckets[i].GetUpperBound(); got != bound.Seconds() {
			t.Errorf("bucket %d ends at %v, want %v", i, got, bound.Seconds())
		}
	}
}

func TestMetricsOfALock(t *testing.T) {
	r := record(t, service.Config{})
	s := r.series(t, service.RTT, "cable", nil)
	release := filetest.Lock(t, r.path)
	err := r.writer.Write(t.Context(), service.Sample{Series: s, Time: time.Now(), Value: 1})
	release()
	if err == nil {
		t.Fatal("written behind the lock of another")
	}
	_, families := scrape(t, r.api)
	if got := valueOf(t, families, "wanstore_commits_failed_total"); got != 1 {
		t.Errorf("%v commits failed, want 1", got)
	}
	at := valueOf(t, families, "wanstore_last_error_timestamp_seconds")
	cause := labelsOf(families["wanstore_last_error_timestamp_seconds"].GetMetric()[0])["cause"]
	if since := float64(time.Now().Unix()) - at; since < -1 || since > 600 || cause != "busy" {
		t.Errorf("the last error was %q, %v s ago; want busy, just now", cause, since)
	}
}

// A process that only reads says nothing of a writer.
func TestMetricsWithoutAWriter(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	_, families := scrape(t, answering(t, api.Options{Path: r.path}))
	if diff := cmp.Diff(latest(t, r.path), shown(families)); diff != "" {
		t.Errorf("series (-file +shown):\n%s", diff)
	}
	var own []string
	for name := range families {
		if strings.HasPrefix(name, "wanstore_") {
			own = append(own, name)
		}
	}
	slices.Sort(own)
	want := []string{
		"wanstore_build_info", "wanstore_file_bytes", "wanstore_file_free_bytes",
		"wanstore_file_readable",
		"wanstore_newest_sample_timestamp_seconds", "wanstore_series", "wanstore_wal_bytes",
	}
	if diff := cmp.Diff(want, own); diff != "" {
		t.Errorf("metrics of the store (-want +got):\n%s", diff)
	}
}

// Versions that nothing tells, as those of a test, are left out.
func TestBuildInfo(t *testing.T) {
	_, families := scrape(t, answering(t, api.Options{Path: filetest.Path(t)}))
	if got := valueOf(t, families, "wanstore_build_info"); got != 1 {
		t.Errorf("wanstore_build_info is %v, want 1", got)
	}
	sqlite, err := service.SQLiteVersion()
	if err != nil || !regexp.MustCompile(`^3\.\d+\.\d+$`).MatchString(sqlite) {
		t.Errorf("SQLite %q, %v", sqlite, err)
	}
	labels := labelsOf(families["wanstore_build_info"].GetMetric()[0])
	if labels["sqlite"] != sqlite || labels["goversion"] != runtime.Version() {
		t.Errorf("labels %v, want SQLite %s and %s", labels, sqlite, runtime.Version())
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
