package service_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Labels are in the file as sorted JSON, and come back as they were given.
func TestLabelsInTheFile(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, quiet())
	given := service.Labels{"c": "<&>", "a": "'\"\\☎", "B": ""}
	s := series(t, w, "m", " {\"}☎", given)
	write(t, w, numbered(s, 1, 1)...)
	write(t, w, numbered(series(t, w, "m", "w", service.Labels{}), 1, 1)...)
	given["a"] = "changed" // the handle does not depend on the map
	if series(t, w, "m", " {\"}☎", given) == s {
		t.Error("other labels are the same series")
	}

	got := filetest.Query(t, path, "SELECT wan_name, labels FROM series ORDER BY id")
	diff := cmp.Diff([][]any{{" {\"}☎", `{"B":"","a":"'\"\\☎","c":"<&>"}`}, {"w", "{}"}}, got)
	if diff != "" {
		t.Errorf("labels in the file (-want +got):\n%s", diff)
	}
	points, err := history(t, path).Latest(t.Context(),
		service.Filter{Labels: service.Labels{"B": ""}})
	must(t, err)
	if len(points) != 1 ||
		!cmp.Equal(points[0].Labels, service.Labels{"c": "<&>", "a": "'\"\\☎", "B": ""}) {
		t.Errorf("%v have an empty label B, want one point", points)
	}
}

// All that is wrong with a metric and its WAN is in one error.
func TestTwoBadNames(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	s, err := w.Series("1m", "", nil)
	want(t, err, service.ErrName)
	if err == nil || !strings.Contains(err.Error(), `"1m"`) ||
		!strings.Contains(err.Error(), "WAN is empty") || s != nil {
		t.Errorf("got %v and error %v, want one that names both", s, err)
	}
}

// The metrics of a host program keep the rules of names, and have one aggregation; the first user
// and the next are told.
func TestMetricsThatBreakARule(t *testing.T) {
	for name, test := range map[string]struct {
		metrics []service.Metric
		reason  error
		says    string
	}{
		"bad name": {[]service.Metric{{Name: "a-b", Aggregation: service.Mode}}, service.ErrName,
			`"a-b"`},
		"no aggregation": {[]service.Metric{{Name: "a"}}, service.ErrAggregation, "metric a"},
		"other aggregation": {[]service.Metric{{Name: "a", Aggregation: "max"}}, service.ErrAggregation,
			`"max"`},
		"two aggregations": {
			[]service.Metric{{Name: "a", Aggregation: service.Mode},
				{Name: "a", Aggregation: service.Average}},
			service.ErrAggregation, "metric a",
		},
		"ours": {[]service.Metric{{Name: service.RTT, Aggregation: service.Mode}}, service.ErrAggregation,
			service.RTT},
	} {
		t.Run(name, func(t *testing.T) {
			config, options := service.Config{DBPath: filetest.Path(t)}, quiet()
			options.Metrics = test.metrics
			_, first := service.OpenWriter(t.Context(), config, options)
			gone(t, config.DBPath)
			open(t, config, quiet())
			_, second := service.OpenWriter(t.Context(), config, options)
			for _, err := range []error{first, second} {
				want(t, err, test.reason)
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v does not say %s", err, test.says)
				}
			}
		})
	}
}
