package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A text that is another one with each event makes no series; what tells series apart does.
func TestLabelsThatAreProse(t *testing.T) {
	for labels, want := range map[string]string{
		`{"direction": "download", "reason": "RTT delta of 15.2 ms"}`: `{"direction":"download"}`,
		`{"reason": "spike", "source": "steering"}`:                   `{"source":"steering"}`,
		`{"message": "the line is back"}`:                             `{}`,
		`{"source": "the daily steering"}`:                            `{"source":"the daily steering"}`,
		`{"a": "b", "tech": "5G NSA"}`:                                `{"a":"b","tech":"5G NSA"}`,
		`{"tin": "Best Effort of all"}`:                               `{"tin":"Best Effort of all"}`,
		`{"zone": "GREEN"}`:                                           `{"zone":"GREEN"}`,
		`{}`:                                                          `{}`,
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
