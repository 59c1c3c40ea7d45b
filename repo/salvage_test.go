package repo

import (
	"testing"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/internal/leaves"
)

// Of series that nothing proves only those are taken that readers can show.
func TestNamesSeries(t *testing.T) {
	for labels, want := range map[string]bool{
		`{}`: true, `{"a":"b"}`: true, "\x10}": false, `{"a":1}`: false, `[]`: false, "": false,
		"{}\xff": false,
	} {
		values := []leaves.Value{{Bytes: []byte("metric")}, {Bytes: []byte("wan")},
			{Bytes: []byte(labels)}}
		if got := namesSeries(values); got != want {
			t.Errorf("%q: %t, want %t", labels, got, want)
		}
	}
}

// Of two versions of the row that has the total of a bucket the later one stays, whichever comes
// first and also where other states have joined the bucket in between.
func TestFillLaterVersionOfAState(t *testing.T) {
	w := openGuardedFile(t)
	for ts, totals := range map[int64][]int64{1: {10, 12}, 2: {12, 10}} {
		for _, total := range totals {
			row := db.FillStateRollupParams{Granularity: "1m", SeriesID: 1, Ts: ts, Value: 2, Count: 3,
				Total: total}
			if _, err := w.q.FillStateRollup(t.Context(), row); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows := filetest.Query(t, w.path, "SELECT ts FROM state_rollups WHERE total = 12")
	if len(rows) != 2 {
		t.Errorf("%v have the later total, want both", rows)
	}
}
