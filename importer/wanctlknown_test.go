package importer_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
)

// rttOf is a raw row of a WAN.
func rttOf(wan string, after int64, value float64) filetest.WanctlRow {
	row := rtt(after, value, "raw")
	row.WAN = wan
	return row
}

// replace puts another database in the place of one.
func replace(t *testing.T, old, by *filetest.WanctlDB) {
	t.Helper()
	old.Close()
	by.Close()
	if err := os.Rename(by.Path, old.Path); err != nil {
		t.Fatal(err)
	}
	by.Path = old.Path
}

// The row with the largest id is gone, and is not the newest one: nothing is taken twice, by this
// run or by those after it.
func TestKnownByTheNewestRow(t *testing.T) {
	t.Run("a boot without a clock", func(t *testing.T) {
		db, s := filetest.NewWanctlDB(t), newStore(t)
		db.Add(rtt(0, 1, "raw"), rtt(1, 2, "raw"), rtt(2, 3, "raw"), rtt(-400*86400, 4, "raw"))
		s.wantTaken(db, importer.Result{Read: 4, Stored: 4})
		for n := range int64(3) {
			db.Exec("DELETE FROM metrics WHERE timestamp < ?", begin.Unix())
			db.Add(rtt(3+n, 5, "raw"), rtt(n+1-400*86400, 6, "raw"))
			s.wantTaken(db, importer.Result{Read: 2, Stored: 2, Known: 3 + n})
		}
		db.Exec("DELETE FROM metrics WHERE timestamp < ?", begin.Unix()) // and nothing is new
		s.wantTaken(db, importer.Result{Known: 6})
		s.wantTaken(db, importer.Result{Known: 6})
		if got := s.marks(); got != 1 {
			t.Errorf("%d marks, want one that moves", got)
		}
	})
	t.Run("a WAN that is no more", func(t *testing.T) {
		db, s := filetest.NewWanctlDB(t), newStore(t)
		db.Add(rttOf("a", 0, 1), rttOf("b", 0, 2), rttOf("a", 2, 3), rttOf("b", 1, 4))
		s.wantTaken(db, importer.Result{Read: 4, Stored: 4})
		db.Exec("DELETE FROM metrics WHERE wan_name = 'b'")
		db.Add(rttOf("a", 3, 5))
		s.wantTaken(db, importer.Result{Read: 1, Stored: 1, Known: 2})
		s.wantTaken(db, importer.Result{Known: 3})
	})
}

// With both rows gone that it would be known by, a database may be any one. Nothing is taken, until
// it has another path.
func TestADatabaseThatMayBeAnotherOne(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	db.Add(rttOf("a", 0, 1), rttOf("b", 1, 2))
	s.wantTaken(db, importer.Result{Read: 2, Stored: 2})
	db.Add(rttOf("a", 2, 3), rttOf("b", 3, 4))
	s.wantTaken(db, importer.Result{Read: 2, Stored: 2, Known: 2})
	db.Exec("DELETE FROM metrics WHERE wan_name = 'b'")
	db.Add(rttOf("a", 4, 5))
	got, err := s.take(db, importer.Options{})
	if !errors.Is(err, importer.ErrUncertain) || got != (importer.Result{}) {
		t.Errorf("got %+v, %v, want that it cannot be told", got, err)
	}
	db.Close()
	moved := filepath.Join(t.TempDir(), "moved.db")
	if err := os.Rename(db.Path, moved); err != nil {
		t.Fatal(err)
	}
	db.Path = moved
	s.wantTaken(db, importer.Result{Read: 3, Stored: 1, Duplicate: 2})
	s.wantTaken(db, importer.Result{Known: 3})
}

// A database that has been moved is known by its new path from then on.
func TestUncertainAtTheNewPath(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	db.Add(rttOf("a", 0, 1), rttOf("b", 1, 2))
	s.wantTaken(db, importer.Result{Read: 2, Stored: 2})
	moved := filepath.Join(t.TempDir(), "moved.db")
	db.Close()
	if err := os.Rename(db.Path, moved); err != nil {
		t.Fatal(err)
	}
	db.Path = moved
	db.Open()
	db.Add(rttOf("a", 2, 3), rttOf("b", 3, 4))
	s.wantTaken(db, importer.Result{Read: 2, Stored: 2, Known: 2})
	db.Exec("DELETE FROM metrics WHERE wan_name = 'b'")
	if got, err := s.take(db, importer.Options{}); !errors.Is(err, importer.ErrUncertain) {
		t.Errorf("got %+v, %v, want that it cannot be told", got, err)
	}
}

// interrupt begins to import 20 aggregated rows and a raw one into an empty store, and stops
// half-way.
func interrupt(t *testing.T, s *store, db *filetest.WanctlDB) importer.Result {
	t.Helper()
	for n := range int64(20) {
		db.Add(rtt(60*n-7200, float64(n), "1m"))
	}
	db.Add(rtt(0, 20, "raw"))
	ctx, cancel := context.WithCancel(t.Context())
	options := importer.Options{Progress: func(done, _ int64) {
		if done >= 10 {
			cancel()
		}
	}}.WithBatch(5)
	got, err := importer.Wanctl(ctx, s.writer, db.Path, options)
	if !errors.Is(err, context.Canceled) || got.Stored < 10 || got.Stored > 15 {
		t.Fatalf("got %+v, %v, want about half the rows and that it was cancelled", got, err)
	}
	return got
}

// Another database in the place of one whose first import was interrupted is not taken for that.
func TestAnotherDatabaseAfterAnInterruptedImport(t *testing.T) {
	t.Run("newer", func(t *testing.T) {
		db, s := filetest.NewWanctlDB(t), newStore(t)
		interrupt(t, s, db)
		other := filetest.NewWanctlDB(t)
		for n := range int64(50) {
			other.Add(rttOf("other", n, float64(n)), rtt(60*n-14400, 1, "1m"))
		}
		other.Exec("DELETE FROM metrics WHERE id <= 30")
		replace(t, db, other)
		s.wantTaken(other, importer.Result{Read: 70, Stored: 70})
		s.wantTaken(other, importer.Result{Known: 70})
	})
	t.Run("of the same time", func(t *testing.T) {
		db, s := filetest.NewWanctlDB(t), newStore(t)
		interrupt(t, s, db)
		other := filetest.NewWanctlDB(t)
		for n := range int64(50) {
			other.Add(rttOf("other", n-7200, float64(n)))
		}
		replace(t, db, other)
		if got, err := s.take(other, importer.Options{}); !errors.Is(err, importer.ErrUncertain) ||
			got.Known > 0 {
			t.Errorf("got %+v, %v, want that it cannot be told", got, err)
		}
	})
}

// After a pause longer than wanctl keeps raw rows, a first import that was interrupted once is not
// taken up again.
func TestAggregatedRowsAreTakenOnce(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	first := interrupt(t, s, db)
	s.wantTaken(db,
		importer.Result{Read: 21 - first.Stored, Stored: 21 - first.Stored, Known: first.Stored})
	db.Exec("DELETE FROM metrics WHERE granularity = 'raw'")
	db.Add(rtt(0, 20, "1m"), rtt(100, 21, "raw"))
	got, err := s.take(db, importer.Options{})
	if err != nil || got.Read != 1 || got.Stored != 1 {
		t.Errorf("after a pause: %+v, %v, want the raw row alone", got, err)
	}
}

// An import that has been cancelled has nothing open when it returns: the last to close a database
// takes its WAL away.
func TestNothingIsOpenAfterAnInterruptedImport(t *testing.T) {
	for range 40 {
		db, s := filetest.NewWanctlDB(t), newStore(t)
		interrupt(t, s, db)
		db.Close()
		if _, err := os.Stat(db.Path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the WAL: %v, want that it is gone", err)
		}
	}
}
