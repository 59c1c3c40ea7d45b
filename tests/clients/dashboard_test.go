package clients

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/api"
)

const grafanaFolder = "../../docs/grafana/"

// dashboard is what a test needs of one.
type dashboard struct {
	Panels []struct {
		ID      int
		Title   string
		Type    string
		Targets []target
	}
	Templating struct {
		List []struct {
			Name       string
			Type       string
			Definition string
		}
	}
}

// target is a query of a panel.
type target struct {
	RefID      string
	Expr       string
	Instant    bool
	Range      bool
	Datasource struct{ UID string }
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile(grafanaFolder + "wanstore.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Every query of the dashboard, with its variables filled in, has an answer with data, whatever the
// range is.
func TestDashboard(t *testing.T) {
	server, d, asked := serverURL(t), readDashboard(t), 0
	for _, length := range []time.Duration{15 * time.Minute, 24 * time.Hour, 7 * 24 * time.Hour} {
		for _, panel := range d.Panels {
			for _, one := range panel.Targets {
				asked++
				result := one.ask(t, server, length)
				if len(result.Data.Result) == 0 || len(result.Warnings) > 0 {
					t.Errorf("%s of %s, %s: %s: %+v", one.RefID, panel.Title, length, one.Expr, result)
				}
				if one.Datasource.UID != "${datasource}" || one.Instant == one.Range {
					t.Errorf("%s of %s: %+v", one.RefID, panel.Title, one)
				}
			}
		}
	}
	if asked < 60 {
		t.Errorf("%d questions", asked)
	}
}

// result is the answer to a query.
type result struct {
	Data struct {
		Result []struct {
			Metric map[string]string
			Values []any
			Value  []any
		}
	}
	Warnings []string
	Error    string
}

// ask asks as Grafana does where a panel has 1000 points.
func (q target) ask(t *testing.T, server string, length time.Duration) (got result) {
	t.Helper()
	const points = 1000
	step := stepOf(length / points)
	expr := fill(q.Expr, step, length)
	form := url.Values{"query": {expr}}
	path := "query"
	if q.Instant {
		form.Set("time", strconv.FormatInt(end.Unix(), 10))
	} else {
		path = "query_range"
		form.Set("start", strconv.FormatInt(end.Add(-length).Truncate(step).Unix(), 10))
		form.Set("end", strconv.FormatInt(end.Truncate(step).Unix(), 10))
		form.Set("step", strconv.FormatFloat(step.Seconds(), 'f', -1, 64))
	}
	code, _, body := ask(t, http.MethodPost, server+"/api/v1/"+path, form.Encode())
	if err := json.Unmarshal([]byte(body), &got); err != nil || code != http.StatusOK {
		t.Errorf("%s: %d %s %v", expr, code, body, err)
	}
	return got
}

// stepOf is the step that Grafana takes in the place of an interval.
func stepOf(interval time.Duration) time.Duration {
	for _, step := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second,
		20 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
		10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute,
	} {
		if step >= interval {
			return step
		}
	}
	return time.Hour
}

// variable matches what Grafana fills in.
var variable = regexp.MustCompile(`\$\{?\w+\}?`)

// fill puts the values of variables into a query.
func fill(expr string, step, length time.Duration) string {
	seconds := func(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }
	values := map[string]string{
		"__interval": seconds(step) + "s", "__interval_ms": seconds(step) + "000",
		"__rate_interval": seconds(max(4*time.Second, step+time.Second)) + "s",
		"__range":         seconds(length) + "s", "__range_s": seconds(length),
		"__range_ms": seconds(length) + "000", "wan": "lte",
	}
	return variable.ReplaceAllStringFunc(expr, func(name string) string {
		return values[strings.Trim(name, "${}")]
	})
}

// The dashboard has what it is for, and its variables are those that its queries use.
func TestDashboardIsWhole(t *testing.T) {
	d := readDashboard(t)
	var ids []int
	var kinds, names []string
	known := []string{"__interval", "__interval_ms", "__range", "__range_s", "__range_ms",
		"__rate_interval"}
	for _, one := range d.Templating.List {
		names = append(names, one.Name)
	}
	for _, panel := range d.Panels {
		if slices.Contains(ids, panel.ID) {
			t.Errorf("%s: two panels have the id %d", panel.Title, panel.ID)
		}
		ids, kinds = append(ids, panel.ID), append(kinds, panel.Type)
		for _, one := range panel.Targets {
			for _, name := range variable.FindAllString(one.Expr, -1) {
				if name = strings.Trim(name, "${}"); !slices.Contains(slices.Concat(known, names), name) {
					t.Errorf("%s: nobody fills in %s", one.Expr, name)
				}
			}
		}
	}
	for _, want := range []string{"table", "timeseries", "state-timeline", "stat"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("no %s among %v", want, kinds)
		}
	}
	if !slices.Contains(names, "wan") || !slices.Contains(names, "datasource") {
		t.Errorf("variables %v", names)
	}
}

// The data source asks where wanstore answers unless told otherwise.
func TestProvisioning(t *testing.T) {
	text, err := os.ReadFile(grafanaFolder + "provisioning/datasources/wanstore.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if want := "url: http://" + api.DefaultListen + "\n"; !strings.Contains(string(text), want) {
		t.Errorf("no %s in %s", want, text)
	}
}
