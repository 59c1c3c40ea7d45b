package view

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// row is what the view has to show of one moment of a series, without its id.
type row struct {
	timestamp   int64
	wan, metric string
	value       float64
	labels      any // JSON, or nil
	granularity string
	count       int64
}

// names are the columns of a row that wanctl's tools select, cells are their values.
const names = "timestamp, wan_name, metric_name, value, labels, granularity"

func (r row) cells() []any {
	return []any{r.timestamp, r.wan, r.metric, r.value, r.labels, r.granularity}
}

// rows reads the whole history through the service, in the order of the view's id: by time, then by
// series.
func (w *world) rows(t *testing.T) []row {
	t.Helper()
	history, err := service.OpenHistory(t.Context(), w.path)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	var rows []row
	for point, err := range history.Range(t.Context(),
		service.Query{From: time.Unix(0, 0), Until: now.Add(day)}) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row{
			timestamp: point.Time.Unix(), wan: point.WAN, metric: point.Metric, value: point.Value,
			labels:      asJSON(t, point.Labels),
			granularity: point.Granularity.String(), count: point.Count,
		})
	}
	if tiers := groups(rows, func(r row) string { return r.granularity }); len(tiers) != 4 {
		t.Fatalf("not all tiers have something to show: %v", tiers)
	}
	return rows
}

func asJSON(t *testing.T, labels service.Labels) any {
	t.Helper()
	if len(labels) == 0 {
		return nil
	}
	text, err := json.Marshal(labels)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// only returns the rows that all conditions hold for.
func only(rows []row, conditions ...func(row) bool) []row {
	var picked []row
next:
	for _, r := range rows {
		for _, holds := range conditions {
			if !holds(r) {
				continue next
			}
		}
		picked = append(picked, r)
	}
	return picked
}

func metric(name string) func(row) bool { return func(r row) bool { return r.metric == name } }

func wan(name string) func(row) bool { return func(r row) bool { return r.wan == name } }

func granularity(name string) func(row) bool {
	return func(r row) bool { return r.granularity == name }
}

func unlabelled(r row) bool { return r.labels == nil }

// within says whether a row is of [from, until).
func within(from, until int64) func(row) bool {
	return func(r row) bool { return r.timestamp >= from && r.timestamp < until }
}

// cells are what the tools' columns of rows hold.
func cells(rows []row) [][]any {
	var table [][]any
	for _, r := range rows {
		table = append(table, r.cells())
	}
	return table
}

// reverse puts the newest rows first.
func reverse(rows []row) []row {
	var reversed []row
	for i := range rows {
		reversed = append(reversed, rows[len(rows)-1-i])
	}
	return reversed
}

// groups counts rows and the samples in them by a key, in the order of the keys.
func groups(rows []row, key func(row) string) [][]any {
	counts := map[string][2]int64{}
	for _, r := range rows {
		n := counts[key(r)]
		counts[key(r)] = [2]int64{n[0] + 1, n[1] + r.count}
	}
	var table [][]any
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		table = append(table, []any{name, counts[name][0], counts[name][1]})
	}
	return table
}

// latest returns the newest row of every key, in the order of the keys. Of two in one second that
// is the one of the later microsecond, or series.
func latest(rows []row, key func(row) string) []row {
	newest := map[string]row{}
	for _, r := range rows {
		newest[key(r)] = r
	}
	var picked []row
	for _, name := range slices.Sorted(maps.Keys(newest)) {
		picked = append(picked, newest[name])
	}
	return picked
}

// average returns the mean of the values, and the mean of the samples that they stand for.
func average(rows []row) (ofRows, ofSamples float64) {
	var sum, weighted float64
	var samples int64
	for _, r := range rows {
		sum += r.value
		weighted += r.value * float64(r.count)
		samples += r.count
	}
	return sum / float64(len(rows)), weighted / float64(samples)
}
