package importer_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

func labelled(after int64, metric string, value float64, labels any) filetest.WanctlRow {
	row := rtt(after, value, "raw")
	row.Metric, row.Labels = metric, labels
	return row
}

// Rows whose labels are no texts are left out, whatever they hold, and stop nothing.
func TestLabelsThatAreNoTexts(t *testing.T) {
	for labels, want := range map[string]importer.Skipped{
		`{"trigger": "startup", "autorate": null, "steering": null}`: {NullLabels: 1},
		`{"trigger": "startup", "autorate": {"a": 1}}`:               {NestedLabels: 1},
		`{"autorate": {"a": null}, "steering": null}`:                {NestedLabels: 1},
		`{"list": ["a"]}`: {NestedLabels: 1},
		`{"a": 1}`:        {OtherLabels: 1},
		`{"a": true}`:     {OtherLabels: 1},
		`["a"]`:           {OtherLabels: 1},
		`"a"`:             {OtherLabels: 1},
		`null`:            {OtherLabels: 1},
		`{"a": "` + strings.Repeat("x", 4096) + `"}`:                    {LongLabels: 1},
		`{"a": {"b": "` + strings.Repeat("x", 1<<20) + `"}, "c": null}`: {LongLabels: 1},
	} {
		db, s := filetest.NewWanctlDB(t), newStore(t)
		db.Add(rtt(0, 1, "raw"), labelled(0, "wanctl_config_snapshot", 1, labels), rtt(1, 2, "raw"))
		var named []string
		got, err := s.take(db, importer.Options{OnSkipped: func(row *importer.LineError) {
			named = append(named, strconv.FormatInt(row.Row, 10))
		}})
		if err != nil || got != (importer.Result{Read: 2, Stored: 2, Skipped: want}) {
			t.Errorf("%.60s: got %+v, %v", labels, got, err)
		}
		if diff := cmp.Diff([]string{"2"}, named); diff != "" {
			t.Errorf("%.60s: named (-want +got):\n%s", labels, diff)
		}
		s.wantTaken(db, importer.Result{Known: 3})
	}
}

// A snapshot of wanctl's configuration is no measurement, also where its labels are gone.
func TestAggregatedSnapshotsAreSkipped(t *testing.T) {
	for _, labels := range []any{nil, `{}`, `{"trigger": "startup"}`} {
		for _, granularity := range []string{"raw", "1m", "5m", "1h"} {
			db, s := filetest.NewWanctlDB(t), newStore(t)
			row := labelled(-60, "wanctl_config_snapshot", 1, labels)
			row.Granularity = granularity
			db.Add(row, rtt(0, 1, "raw"))
			s.wantTaken(db, importer.Result{Read: 1, Stored: 1,
				Skipped: importer.Skipped{NestedLabels: 1}})
			if got := len(s.summaries()); got != 1 {
				t.Errorf("%s row with labels %v: %d series, want 1", granularity, labels, got)
			}
		}
	}
}

// A text that is another one with each event makes no series; what tells series apart does.
func TestLabelsThatAreProse(t *testing.T) {
	for labels, want := range map[string]string{
		`{"direction": "download", "reason": "delta 15.2 ms > 15.0 ms"}`: `{"direction":"download"}`,
		`{"reason": "spike", "source": "steering"}`:                      `{"source":"steering"}`,
		`{"message": "the line is back"}`:                                `{}`,
		`{"source": "the daily steering"}`:                               `{"source":"the daily steering"}`,
		`{"a": "b", "tech": "5G NSA"}`:                                   `{"a":"b","tech":"5G NSA"}`,
		`{"tin": "Best Effort of all"}`:                                  `{"tin":"Best Effort of all"}`,
		`{"zone": "GREEN"}`:                                              `{"zone":"GREEN"}`,
		`{}`:                                                             `{}`,
	} {
		for _, keep := range []bool{false, true} {
			db, s := filetest.NewWanctlDB(t), newStore(t)
			db.Add(labelled(0, service.State, 1, labels))
			got, err := s.take(db, importer.Options{KeepLabels: keep})
			all := strings.NewReplacer(`": "`, `":"`, `", "`, `","`).Replace(labels)
			pruned, expect := int64(0), want
			if keep {
				expect = all
			} else if want != all {
				pruned = 1
			}
			if err != nil || got != (importer.Result{Read: 1, Stored: 1, Pruned: pruned}) {
				t.Errorf("%s: got %+v, %v", labels, got, err)
			}
			if found := fmt.Sprint(s.summaries()[0].Labels); found != asMap(expect) {
				t.Errorf("%s: the series has %s, want %s", labels, found, asMap(expect))
			}
		}
	}
}

// asMap shows a JSON object as fmt shows the map.
func asMap(object string) string {
	inner := strings.NewReplacer(`{`, ``, `}`, ``, `":"`, `:`, `","`, ` `, `"`, ``).Replace(object)
	return "map[" + inner + "]"
}

// An hour of transitions, each with its own reason, is a few series.
func TestManyReasonsAreOneSeries(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	for n := range int64(600) {
		db.Add(labelled(n, service.State, float64(n%4),
			fmt.Sprintf(`{"direction": "upload", "reason": "delta %d.5 ms over the limit"}`, n)))
	}
	db.Add(labelled(600, "wanctl_wan_zone", 1, `{"zone": "YELLOW"}`),
		labelled(601, "wanctl_wan_zone", 0, `{"zone": "none"}`))
	s.wantTaken(db, importer.Result{Read: 602, Stored: 602, Pruned: 602})
	if got := len(s.summaries()); got != 2 {
		t.Errorf("%d series, want 2", got)
	}
}

// What is read into memory is bounded, whatever the rows hold.
func TestBytesOfRowsAreBounded(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	const each = 1 << 20
	for n := range int64(64) {
		row := rtt(n, float64(n), "raw")
		switch n % 4 {
		case 0:
			row.Labels = `{"a":"` + strings.Repeat("x", each) + `"}`
		case 1:
			row.WAN = strings.Repeat("x", each)
		case 2:
			row.Metric = strings.Repeat("x", each)
		default:
			row.Granularity = strings.Repeat("x", each)
		}
		db.Add(row)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := s.take(db, importer.Options{SkipBad: true, OnBad: func(bad *importer.LineError) {
		if text := bad.Error(); len(text) > 500 {
			t.Errorf("an error of %d bytes: %.100s", len(text), text)
		}
	}})
	runtime.ReadMemStats(&after)
	if err != nil || got != (importer.Result{Bad: 48, Skipped: importer.Skipped{LongLabels: 16}}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16*each {
		t.Errorf("%d MiB were used for rows of %d MiB", used>>20, 64*each>>20)
	}
}
