package repo

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// The driver panics with an error where SQLite has no memory left. That ends the connection, and
// not the process: with another one the writer goes on.
func TestPanicOfTheDriver(t *testing.T) {
	path := filetest.Path(t)
	w, err := OpenWriter(t.Context(), path, SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	noMemory := errors.New("out of memory")
	if err := sqlite.Raw(w.conn, func(c *sqlite3.Conn) error {
		return c.CreateFunction("exhaust", 0, 0,
			func(sqlite3.Context, ...sqlite3.Value) { panic(noMemory) })
	}); err != nil {
		t.Fatal(err)
	}
	err = w.update(t.Context(), "test",
		func() error { return sqlite.Drain(t.Context(), w.conn, "SELECT exhaust()") })
	if !errors.Is(err, noMemory) || IsDamage(err) || !w.Ended() || w.Lost() {
		t.Fatalf("got %v, want %v, and that the connection has ended", err, noMemory)
	}
	if n := strings.Count(err.Error(), noMemory.Error()); n != 1 {
		t.Errorf("%v: that is said %d times", err, n)
	}
	if err := w.Renew(t.Context(), err); err != nil {
		t.Fatal(err)
	}
	series := &Series{Key: Key{MetricName: "rtt", WANName: "wan", Labels: "{}"}}
	batch := Batch{Samples: []Sample{{Series: series, TS: 1, Value: 1}}, Latest: math.MaxInt64}
	if err := w.Append(t.Context(), batch, make([]Outcome, 1)); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := filetest.Check(path); err != nil {
		t.Error(err)
	}
}
