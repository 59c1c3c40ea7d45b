package importer_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
)

func TestRowsOfOneSecondAreSpread(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	other := rtt(0, 9, "raw")
	other.WAN = "wan1"
	db.Add(rtt(0, 1, "raw"), other, rtt(0, 2, "raw"), rtt(0, 2, "raw"), rtt(1, 4, "raw"))
	s.wantTaken(db, importer.Result{Read: 5, Stored: 5})
	s.wantSamples("wan0", "0=1", "333333=2", "666666=2", "1000000=4")
	s.wantSamples("wan1", "0=9")
	s.wantTaken(db, importer.Result{Known: 5})
}

func TestASecondThatMayGrowIsHeld(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	newest := int64(now.Sub(begin)/time.Second) - 2 // its end was a second ago
	db.Add(rtt(newest-1, 1, "raw"), rtt(newest, 2, "raw"))
	s.wantTaken(db, importer.Result{Read: 1, Stored: 1, Held: 1})
	db.Add(rtt(newest, 3, "raw"))
	s.wantTaken(db, importer.Result{Known: 1, Held: 2})
	options := importer.Options{}.WithClock(func() time.Time { return now.Add(time.Second) })
	got, err := importer.Wanctl(t.Context(), s.writer, db.Path, options)
	if want := (importer.Result{Read: 2, Stored: 2, Known: 1}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	s.wantSamples("wan0", fmt.Sprintf("%d=1", (newest-1)*1e6), fmt.Sprintf("%d=2", newest*1e6),
		fmt.Sprintf("%d=3", newest*1e6+500_000))
}

// Two more rows turn up in a second that has been taken, and two of a second that had none: nothing
// is lost or moved.
func TestRowsThatComeLate(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	db.Add(rtt(1, 1, "raw"), rtt(1, 2, "raw"), rtt(5, 3, "raw"))
	s.wantTaken(db, importer.Result{Read: 3, Stored: 3})
	db.Add(rtt(1, 4, "raw"), rtt(1, 5, "raw"), rtt(0, 6, "raw"), rtt(0, 7, "raw"), rtt(6, 8, "raw"))
	s.wantTaken(db, importer.Result{Read: 5, Stored: 5, Known: 3})
	s.wantSamples("wan0",
		"1=6", "500001=7", "1000000=1", "1500000=2", "1666667=4", "1750001=5", "5000000=3", "6000000=8")
	s.wantTaken(db, importer.Result{Known: 8})
}

// Labels that are the same in other letters are of the same series.
func TestLateRowsWithLabelsInOtherLetters(t *testing.T) {
	labelled := func(after int64, value float64, labels any) filetest.WanctlRow {
		row := rtt(after, value, "raw")
		row.Labels = labels
		return row
	}
	for _, texts := range [][2]any{{`{"a": "1"}`, `{"a":"1"}`}, {nil, "{ }"}} {
		t.Run(fmt.Sprint(texts), func(t *testing.T) {
			db, s := filetest.NewWanctlDB(t), newStore(t)
			db.Add(labelled(1, 1, texts[0]), labelled(1, 2, texts[1]), rtt(5, 3, "raw"))
			s.wantTaken(db, importer.Result{Read: 3, Stored: 3})
			db.Add(labelled(1, 4, texts[1]), labelled(1, 5, texts[0]))
			s.wantTaken(db, importer.Result{Read: 2, Stored: 2, Known: 3})
			db.Add(labelled(1, 6, texts[0]))
			s.wantTaken(db, importer.Result{Read: 1, Stored: 1, Known: 5})
		})
	}
}

// A late row that would share its moment with an earlier one is bad, and the last that does not is
// a sample.
func TestLateRowsOfAFullSecond(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	for n := range 999 {
		db.Add(rtt(1, float64(n), "raw"))
	}
	db.Add(rtt(5, 0, "raw"))
	s.wantTaken(db, importer.Result{Read: 1000, Stored: 1000})
	db.Add(rtt(1, 999, "raw"), rtt(1, 1000, "raw"), rtt(2, 0, "raw"))
	var bad []string
	got, err := s.take(db, importer.Options{SkipBad: true, OnBad: func(one *importer.LineError) {
		bad = append(bad, fmt.Sprint(one.Row, one.Reason))
	}})
	if want := (importer.Result{Read: 2, Stored: 2, Bad: 1, Known: 1000}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if len(bad) != 1 || bad[0][:4] != "1002" {
		t.Errorf("bad rows: %q, want row 1002", bad)
	}
	s.wantTaken(db, importer.Result{Known: 1003})
}

// What has been taken of a second may be gone from the database. Late rows have moments of their
// own even then.
func TestLateRowsOfASecondWhoseRowsAreGone(t *testing.T) {
	for gone := range int64(4) {
		t.Run(strconv.FormatInt(gone, 10), func(t *testing.T) {
			db, s := filetest.NewWanctlDB(t), newStore(t)
			db.Add(rtt(1, 1, "raw"), rtt(1, 2, "raw"), rtt(1, 3, "raw"), rtt(5, 4, "raw"))
			s.wantTaken(db, importer.Result{Read: 4, Stored: 4})
			db.Exec("DELETE FROM metrics WHERE id <= ?", gone)
			db.Add(rtt(1, 5, "raw"), rtt(1, 6, "raw"), rtt(1, 7, "raw"))
			s.wantTaken(db, importer.Result{Read: 3, Stored: 3, Known: 4 - gone})
		})
	}
}
