package importer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// seconds are CSV rows of a series, one a second, from some days before now on.
func seconds(wan string, from, until int) string {
	var text strings.Builder
	for n := from; n < until; n++ {
		fmt.Fprintf(&text, "%d,%s,wanctl_rtt_ms,{},%d\n", now.AddDate(0, 0, -3).UnixMilli()+int64(n)*1000,
			wan, n)
	}
	return text.String()
}

// age does the maintenance that is due: raw samples of days ago are gone then.
func (s *store) age() {
	s.t.Helper()
	if _, err := s.writer.Maintain(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// rolledUp is what is counted of rows that lie in rolled-up data.
func rolledUp(rows int64) importer.Skipped { return importer.Skipped{RolledUp: rows} }

// What two files have in common counts once, and what is new of the second one counts, too.
func TestOverlapWithRolledUpData(t *testing.T) {
	s := newStore(t)
	a := write(t, "a.csv", header+seconds("w", 0, 1000))
	b := write(t, "b.csv", header+seconds("w", 500, 1500))
	s.want(a, importer.Options{}, importer.Result{Read: 1000, Stored: 1000})
	s.age()
	var told []importer.HeldRows
	options := importer.Options{OnHeld: func(rows importer.HeldRows) {
		told = append(told, rows)
		s.wantCount(1000) // before it starts
	}}
	s.want(b, options, importer.Result{Read: 500, Stored: 500, Skipped: rolledUp(500)})
	begins := now.AddDate(0, 0, -3)
	want := importer.HeldRows{Rows: 500, First: begins.Add(500 * time.Second),
		Last: begins.Add(999 * time.Second)}
	if len(told) != 1 || told[0].Rows != want.Rows || !told[0].First.Equal(want.First) ||
		!told[0].Last.Equal(want.Last) {
		t.Errorf("told of %+v, want %+v once", told, want)
	}
	s.wantCount(1500)
	s.want(b, importer.Options{}, importer.Result{Known: 1000})
	s.want(a, importer.Options{}, importer.Result{Known: 1000})

	// the same in one file with what is new, and merged by a user who knows better
	c := write(t, "c.csv", header+seconds("w", 0, 1600))
	s.want(c, importer.Options{},
		importer.Result{Read: 100, Stored: 100, Skipped: rolledUp(500), Known: 1000})
	d := write(t, "d.csv", header+seconds("w", 0, 10))
	s.want(d, importer.Options{Merge: true}, importer.Result{Read: 10, Stored: 10})
	s.wantCount(1610)
}

// Series are told apart, and so are gaps in one; what is before its first bucket is new.
func TestOverlapOfOtherSeriesAndGaps(t *testing.T) {
	s := newStore(t)
	s.want(write(t, "a.csv", header+seconds("w", 600, 660)+seconds("w", 1200, 1260)),
		importer.Options{}, importer.Result{Read: 120, Stored: 120})
	s.age()
	s.want(write(t, "b.csv", header+seconds("x", 600, 700)), importer.Options{},
		importer.Result{Read: 100, Stored: 100})
	// of three days ago there are 5m buckets: [600, 900) is held, and [1200, 1500) up to the newest
	s.want(write(t, "c.csv", header+seconds("w", 0, 1800)), importer.Options{},
		importer.Result{Read: 1440, Stored: 1440, Skipped: rolledUp(360)})
	s.wantCount(120 + 100 + 1440)
}

// While raw samples are there, repeats are told one by one.
func TestOverlapOfRawSamples(t *testing.T) {
	s := newStore(t)
	s.want(write(t, "a.csv", header+seconds("w", 0, 100)), importer.Options{},
		importer.Result{Read: 100, Stored: 100})
	s.want(write(t, "b.csv", header+seconds("w", 50, 150)), importer.Options{},
		importer.Result{Read: 100, Stored: 50, Duplicate: 50})
}

// An import that is interrupted, or a file that grows, goes on in the middle of a bucket that it
// has begun itself.
func TestGrownWithinABucket(t *testing.T) {
	s := newStoreAt(t, service.Config{}, func() time.Time { return now })
	path := write(t, "a.csv", header+seconds("w", 0, 30)+seconds("x", 0, 30))
	s.want(path, importer.Options{}, importer.Result{Read: 60, Stored: 60})
	s.age()
	grow(t, path, seconds("w", 30, 60)+seconds("x", 30, 45))
	s.want(path, importer.Options{}, importer.Result{Read: 45, Stored: 45, Known: 60})
	s.wantCount(105)
}
