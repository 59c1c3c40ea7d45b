package importer_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
)

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
