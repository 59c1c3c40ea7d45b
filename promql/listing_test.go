package promql_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

func TestListings(t *testing.T) {
	r := record(t, service.Config{}, promql.Options{},
		service.Metric{Name: "modem_mode", Aggregation: service.Mode, Help: "What it does."})
	r.write(r.series(service.RTT, "dsl", nil), noon, time.Second, 1)
	one := noon.Add(time.Hour)
	r.write(r.series(service.RTT, "lte", service.Labels{"modem": "a"}), one, time.Second, 1)
	r.write(r.series("modem_mode", "lte", nil), one, time.Second, 2, 0.5)
	const (
		dsl    = `{__name__="wanctl_rtt_ms", wan="dsl"}`
		lte    = `{__name__="wanctl_rtt_ms", modem="a", wan="lte"}`
		mode   = `{__name__="modem_mode", wan="lte"}`
		shares = `{__name__="modem_mode_ratio", state="0.5", wan="lte"} ` +
			`{__name__="modem_mode_ratio", state="2", wan="lte"}`
	)
	later := noon.Add(time.Minute)
	for _, test := range []struct {
		selection               promql.Selection
		series, names, wans, of string
	}{
		{promql.Selection{}, mode + " " + shares + " " + lte + " " + dsl,
			"__name__ modem state wan", "dsl lte", ""},
		{promql.Selection{From: later}, mode + " " + shares + " " + lte,
			"__name__ modem state wan", "lte", ""},
		{promql.Selection{Match: []string{`{state="2"}`, `{modem="a"}`, `{modem=~"."}`}},
			`{__name__="modem_mode_ratio", state="2", wan="lte"} ` + lte,
			"__name__ modem state wan", "lte", ""},
		{promql.Selection{Match: []string{`wanctl_rtt_ms`}, Limit: 1}, lte, "__name__", "dsl",
			"results truncated due to limit"},
	} {
		list, warnings, err := r.Series(t.Context(), test.selection)
		must(t, err)
		texts := make([]string, len(list))
		for i, lset := range list {
			texts[i] = lset.String()
		}
		compare(t, "series", test.series, texts)
		compare(t, "warnings", test.of, warnings)
		names, _, err := r.LabelNames(t.Context(), test.selection)
		must(t, err)
		compare(t, "names", test.names, names)
		wans, _, err := r.LabelValues(t.Context(), "wan", test.selection)
		must(t, err)
		compare(t, "values", test.wans, wans)
	}
	if _, _, err := r.Series(t.Context(), promql.Selection{Match: []string{"x{"}}); err == nil {
		t.Error("half a selector is taken")
	}
	metadata, err := r.Metadata(t.Context())
	must(t, err)
	want := []promql.Metadata{
		{Metric: "modem_mode", Type: "gauge", Help: "What it does."},
		{Metric: "modem_mode_ratio", Type: "gauge",
			Help: "Share of the samples of modem_mode in each state, by the label state."},
		{Metric: "wanctl_rtt_ms", Type: "gauge", Help: "Round-trip time to the reflector.", Unit: "ms"},
	}
	if diff := cmp.Diff(want, metadata); diff != "" {
		t.Error(diff)
	}
}

// The states that are listed are those that are declared and those that occur in the time asked
// about, as the shares have them, whatever is left of the samples.
func TestListedStates(t *testing.T) {
	r := told(t)
	lte := r.series(service.State, "lte", nil)
	r.write(lte, noon.Add(30*time.Second), time.Second, 8)
	r.write(lte, noon.Add(90*time.Minute), time.Second, 9)
	for _, age := range []time.Duration{0, minutes, fives, hours} {
		if age > 0 {
			r.age(age)
		}
		for _, test := range []struct {
			selection promql.Selection
			want      string
		}{
			{promql.Selection{}, "7 8 9 GREEN RED SOFT_RED YELLOW"},
			{promql.Selection{From: noon.Add(time.Hour)}, "9 GREEN RED SOFT_RED YELLOW"},
			{promql.Selection{Match: []string{`{wan="dsl",state!="GREEN"}`}},
				"7 RED SOFT_RED YELLOW own"},
		} {
			states, _, err := r.LabelValues(t.Context(), "state", test.selection)
			must(t, err)
			if test.selection.Match == nil { // the label of the series itself
				states = slices.DeleteFunc(states, func(state string) bool { return state == "own" })
			}
			compare(t, "states", test.want, states)
		}
	}
}

func compare(t *testing.T, what, want string, got []string) {
	t.Helper()
	if text := strings.Join(got, " "); text != want {
		t.Errorf("%s: %s\nwant %s", what, text, want)
	}
}
