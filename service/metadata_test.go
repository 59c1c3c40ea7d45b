package service_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// modemState is a metric that has everything to say.
func modemState() service.Metric {
	return service.Metric{
		Name: "modem_state", Aggregation: service.Mode, NoPercentiles: true,
		Help: "What the modem does.\n\"Half\" <1.5> is 'between' \\ both.", Unit: "\u00b5s",
		States: service.StateNames{0: "offline", 1: "online", 1.5: "half & half", -2: "\u00fcber"},
	}
}

func declaring(metrics ...service.Metric) service.Options {
	options := quiet()
	options.Metrics = metrics
	return options
}

// metricIn returns what the file says of a metric, the zero one where it says nothing.
func metricIn(t *testing.T, path, name string) service.Metric {
	t.Helper()
	metrics, err := history(t, path).Metrics(t.Context())
	want(t, err, nil)
	byName := func(a, b service.Metric) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(metrics, byName) {
		t.Errorf("%v is not in the order of names", metrics)
	}
	i := slices.IndexFunc(metrics, func(m service.Metric) bool { return m.Name == name })
	if i < 0 {
		return service.Metric{}
	}
	return metrics[i]
}

// metadataRows returns the rows as they are.
func metadataRows(t *testing.T, path string) [][]any {
	t.Helper()
	return filetest.Query(t, path, "SELECT * FROM metric_metadata")
}

func expectMetric(t *testing.T, path string, expected service.Metric) {
	t.Helper()
	if diff := cmp.Diff(expected, metricIn(t, path, expected.Name)); diff != "" {
		t.Errorf("metric (-want +got):\n%s", diff)
	}
}

// What one program declares, every other one reads.
func TestMetricsInTheFile(t *testing.T) {
	path := filetest.Path(t)
	declared := modemState()
	bare := service.Metric{Name: "bare", Aggregation: service.Mode}
	w := open(t, service.Config{DBPath: path}, declaring(declared, bare))
	declared.Aggregation = "" // until there is a series
	expectMetric(t, path, declared)
	write(t, w, numbered(series(t, w, declared.Name, "cable", nil), 1, 1)...)
	expectMetric(t, path, modemState())
	for _, metric := range service.Metrics() {
		expectMetric(t, path, metric)
	}
	if got := metricIn(t, path, "bare"); got.Name != "" {
		t.Errorf("%+v, of which nothing was said", got)
	}
	got := filetest.Query(t, path,
		"SELECT states FROM metric_metadata WHERE metric_name = 'modem_state'")
	names := `{"-2":"` + "\u00fcber" + `","0":"offline","1":"online","1.5":"half & half"}`
	if diff := cmp.Diff([][]any{{names}}, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

// The last declaration counts, also that of another user of an open file, and one that says nothing
// leaves it.
func TestLastDeclarationCounts(t *testing.T) {
	path := filetest.Path(t)
	first, second := modemState(), modemState()
	second.Unit, second.States, second.NoPercentiles = "", nil, false
	w := open(t, service.Config{DBPath: path}, declaring(first))
	write(t, w, numbered(series(t, w, first.Name, "cable", nil), 1, 1)...)
	open(t, service.Config{DBPath: path}, declaring(second))
	expectMetric(t, path, second)
	bare := service.Metric{Name: first.Name, Aggregation: service.Mode}
	open(t, service.Config{DBPath: path}, declaring(bare))
	expectMetric(t, path, second)
	if got := w.Metrics()[0]; got.Help != second.Help || got.Unit != "" {
		t.Errorf("the writer knows %+v, want what was declared last", got)
	}
}

// A program that says nothing of a metric that every writer knows does not take back what another
// program has said.
func TestDeclarationOfAKnownMetric(t *testing.T) {
	path := filetest.Path(t)
	ours := service.Metric{
		Name: service.RTT, Aggregation: service.Average, Help: "To the office.", Unit: "ms",
	}
	shut(t, open(t, service.Config{DBPath: path}, declaring(ours)))
	shut(t, open(t, service.Config{DBPath: path}, quiet()))
	expectMetric(t, path, ours)
}

// What the caller changes afterwards was not declared.
func TestDeclarationIsACopy(t *testing.T) {
	declared := modemState()
	w := open(t, service.Config{DBPath: filetest.Path(t)}, declaring(declared))
	clear(declared.States)
	clear(w.Metrics()[0].States)
	if diff := cmp.Diff(modemState(), w.Metrics()[0]); diff != "" {
		t.Error(diff)
	}
}

// The flash of a router wears: nothing is written that is there.
func TestDeclarationThatChangesNothing(t *testing.T) {
	path := filetest.Path(t)
	shut(t, open(t, service.Config{DBPath: path}, declaring(modemState())))
	before, err := os.ReadFile(path)
	want(t, err, nil)
	for range 2 { // the second one joins the first
		open(t, service.Config{DBPath: path}, declaring(modemState()))
		if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != 0 {
			t.Errorf("WAL: %v, %v, want an empty one", info, err)
		}
	}
	after, err := os.ReadFile(path)
	want(t, err, nil)
	if !slices.Equal(before, after) {
		t.Error("the file has changed")
	}
}

// A row that is not as it was written is left out, and written again by the next declaration.
func TestUnsoundDeclaration(t *testing.T) {
	for name, damage := range map[string]string{
		"another help":  "help = 'x', chk = chk + 1",
		"another check": "chk = chk + 1",
		"a bad type":    "states = '[]', chk = 5",
	} {
		t.Run(name, func(t *testing.T) {
			path := filetest.Path(t)
			shut(t, open(t, service.Config{DBPath: path}, declaring(modemState())))
			sealed := metadataRows(t, path)
			filetest.Exec(t, path, "UPDATE metric_metadata SET "+damage)
			h := history(t, path)
			expectUnsound(t, h, []service.Unsound{{Table: "metric_metadata", Rows: 8}})
			expectMetric(t, path, service.Metrics()[0])
			if got := metricIn(t, path, "modem_state"); got.Name != "" {
				t.Errorf("the file says %+v", got)
			}
			shut(t, open(t, service.Config{DBPath: path}, declaring(modemState())))
			if diff := cmp.Diff(sealed, metadataRows(t, path)); diff != "" {
				t.Errorf("rows (-before +after):\n%s", diff)
			}
			expectUnsound(t, h, nil)
		})
	}
}

// expectUnsound wants to be told of these rows where a history shows its metrics.
func expectUnsound(t *testing.T, h *service.History, expected []service.Unsound) {
	t.Helper()
	_, err := h.Metrics(t.Context())
	want(t, err, nil)
	if diff := cmp.Diff(expected, h.Unsound()); diff != "" {
		t.Errorf("unsound (-want +got):\n%s", diff)
	}
}

// A damaged row that is mended gets its check value again: the trigger for changes by hand does not
// take it off.
func TestMendedDeclarationIsSealed(t *testing.T) {
	path := filetest.Path(t)
	shut(t, open(t, service.Config{DBPath: path}, quiet()))
	sealed := metadataRows(t, path)
	filetest.Exec(t, path, `
		CREATE TEMP TABLE kept AS SELECT metric_name, chk FROM metric_metadata;
		UPDATE metric_metadata SET help = 'x';
		UPDATE metric_metadata AS m
		SET chk = (SELECT chk FROM kept WHERE metric_name = m.metric_name)`)
	shut(t, open(t, service.Config{DBPath: path}, quiet()))
	if diff := cmp.Diff(sealed, metadataRows(t, path)); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
}

// A hand may change what is shown, but not to what nobody may declare.
func TestDeclarationByHand(t *testing.T) {
	path := filetest.Path(t)
	shut(t, open(t, service.Config{DBPath: path}, quiet()))
	const update = "UPDATE metric_metadata SET "
	const ofRTT = " WHERE metric_name = '" + service.RTT + "'"
	filetest.Exec(t, path, update+"help = 'By hand.'"+ofRTT)
	shut(t, open(t, service.Config{DBPath: path}, quiet()))
	if got := metricIn(t, path, service.RTT); got.Help != "By hand." {
		t.Errorf("help %q", got.Help)
	}
	for _, change := range []string{
		"help = char(27)", `states = '{"x":"y"}'`, "states = '{'", "unit = char(10)",
	} {
		filetest.Exec(t, path, update+"help = 'By hand.', unit = '', states = '{}'"+ofRTT)
		filetest.Exec(t, path, update+change+ofRTT)
		expectMetric(t, path, service.Metrics()[0])
	}
}

// A new file in the place of one that is gone has what was declared.
func TestDeclarationInANewFile(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	open(t, service.Config{DBPath: path}, declaring(modemState()))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		want(t, os.Remove(path+suffix), nil)
	}
	state := series(t, w, "modem_state", "cable", nil)
	write(t, w, service.Sample{Series: state, Time: time.Now(), Value: 1})
	expectMetric(t, path, modemState())
}

func TestDeclarationsThatAreRefused(t *testing.T) {
	named := func(names service.StateNames) service.Metric { return service.Metric{States: names} }
	for text, metric := range map[string]service.Metric{
		"help of metric m":          {Help: strings.Repeat("x", 4097)},
		"control character U+001B":  {Help: "a\x1b[2J"},
		"not valid UTF-8":           {Help: "a\xff"},
		"unit of metric m":          {Unit: strings.Repeat("x", 65)},
		"control character U+000A":  {Unit: "a\nb"},
		"names the state NaN":       named(service.StateNames{math.NaN(): "x"}),
		"names the state +Inf":      named(service.StateNames{math.Inf(1): "x"}),
		"name of state 1 is empty":  named(service.StateNames{1: ""}),
		"the name of state 2":       named(service.StateNames{2: strings.Repeat("x", 65)}),
		"names 257 states":          named(manyNames(257)),
		"the name of state 3 \"\\x": named(service.StateNames{3: "\x01"}),
	} {
		metric.Name, metric.Aggregation = "m", service.Mode
		config := service.Config{DBPath: filetest.Path(t)}
		_, err := service.OpenWriter(t.Context(), config, declaring(metric))
		want(t, err, service.ErrName)
		if !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "metric m") {
			t.Errorf("got error %v, want one with %q", err, text)
		}
	}
	most := service.Metric{
		Name: "m", Aggregation: service.Mode,
		Help: strings.Repeat("x", 4096), Unit: strings.Repeat("x", 64), States: manyNames(256),
	}
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, declaring(most))
	write(t, w, numbered(series(t, w, "m", "cable", nil), 1, 1)...)
	expectMetric(t, path, most)
}

func manyNames(n int) service.StateNames {
	names := service.StateNames{}
	for i := range n {
		names[float64(i)] = strings.Repeat("x", 64)
	}
	return names
}

func TestStateNamesAsJSON(t *testing.T) {
	for text, names := range map[string]service.StateNames{
		`{}`:                              nil,
		`{"-1":"b","0":"a"}`:              {0: "a", -1: "b"},
		`{"0":"zero"}`:                    {math.Copysign(0, -1): "zero"},
		`{"0.1":"a","1e+300":"b"}`:        {0.1: "a", 1e300: "b"},
		`{"1000000":"a","1e-7":"\u003c"}`: {1e6: "a", 1e-7: "<"},
	} {
		got, err := json.Marshal(names)
		want(t, err, nil)
		if string(got) != text {
			t.Errorf("%v is %s, want %s", names, got, text)
		}
		var back service.StateNames
		want(t, json.Unmarshal(got, &back), nil)
		if diff := cmp.Diff(names, back); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{
		`[]`, `{"a":"b"}`, `{"0":1}`, `{"NaN":"b"}`, `{"1e999":"b"}`, `{"":"b"}`,
	} {
		var names service.StateNames
		if json.Unmarshal([]byte(text), &names) == nil {
			t.Errorf("%s was read as %v", text, names)
		}
	}
}

// All metrics of wanctl's catalogue say what they are, and states have names.
func TestCatalogueOfWanctl(t *testing.T) {
	states := "wanctl_state wanctl_state_download wanctl_state_upload wanctl_steering_enabled " +
		"wanctl_wan_zone wanctl_irtt_asymmetry_direction"
	measured := "wanctl_rtt_ms wanctl_rtt_baseline_ms wanctl_rtt_delta_ms wanctl_rtt_jitter_ms " +
		"wanctl_loss_ratio wanctl_rate_download_mbps " +
		"wanctl_rate_upload_mbps wanctl_wan_weight wanctl_wan_staleness_sec wanctl_signal_jitter_ms " +
		"wanctl_signal_variance_ms2 wanctl_signal_confidence wanctl_signal_outlier_count " +
		"wanctl_irtt_rtt_ms wanctl_irtt_ipdv_ms wanctl_irtt_loss_up_pct wanctl_irtt_loss_down_pct " +
		"wanctl_irtt_asymmetry_ratio wanctl_cake_tin_dropped wanctl_cake_tin_ecn_marked " +
		"wanctl_cake_tin_delay_us wanctl_cake_tin_backlog_bytes"
	metrics := map[string]service.Metric{}
	for _, metric := range service.Metrics() {
		metrics[metric.Name] = metric
	}
	for name := range strings.FieldsSeq(states) {
		if m := metrics[name]; m.Aggregation != service.Mode || m.Help == "" || len(m.States) < 2 {
			t.Errorf("%s: %+v, want a state with help and names", name, m)
		}
	}
	for name := range strings.FieldsSeq(measured) {
		if m := metrics[name]; m.Aggregation != service.Average || m.Help == "" || m.States != nil {
			t.Errorf("%s: %+v, want a measurement with help", name, m)
		}
	}
	if all := len(strings.Fields(states + " " + measured)); len(metrics) != all {
		t.Errorf("%d metrics, want %d", len(metrics), all)
	}
}

// What wanctl's other metrics are is in the file as soon as that has a series of them, so that
// earlier programs and SQL show it.
func TestMetricsOfWanctlInTheFile(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	const of = "SELECT states FROM metric_metadata WHERE metric_name = '" + zone + "'"
	if got := filetest.Query(t, path, of); len(got) > 0 {
		t.Errorf("%v, and there is no series of it", got)
	}
	write(t, w, numbered(series(t, w, zone, "a", nil), 1, 1)...)
	got := filetest.Query(t, path, of)
	want := [][]any{{`{"0":"GREEN","1":"YELLOW","2":"SOFT_RED","3":"RED"}`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}
