package repo_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

var (
	mendedAverage = repo.Key{MetricName: "mended_average", WANName: "wan", Labels: `{"a":"b"}`}
	mendedMode    = repo.Key{MetricName: "mended_mode", WANName: "wan", Labels: "{}"}
)

// twoSeries makes a file that has one sample of each.
func twoSeries(t *testing.T) (path string) {
	t.Helper()
	path = filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	add(t, w,
		repo.Sample{Series: &repo.Series{Key: mendedAverage}, TS: start, Value: 1},
		repo.Sample{Series: &repo.Series{Key: mendedMode, Aggregation: repo.Mode}, TS: start, Value: 2})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// A bit is flipped in each place that has the name of a metric: the row and its index.
func TestNameDamaged(t *testing.T) {
	for _, name := range []string{"mended_average", "mended_mode"} {
		path := twoSeries(t)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		places := 0
		for from := 0; ; places++ {
			at := bytes.Index(whole[from:], []byte(name))
			if at < 0 {
				break
			}
			damaged := bytes.Clone(whole)
			damaged[from+at+5] ^= 1
			from += at + 1
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			mendsSeries(t, path)
		}
		if places != 2 {
			t.Errorf("%s is at %d places, want 2", name, places)
		}
	}
}

// The triggers are dropped, so that a statement damages a row.
func TestSeriesDamaged(t *testing.T) {
	for _, statement := range []string{
		"UPDATE series SET chk = chk + 1 WHERE id = 1",
		"UPDATE series SET aggregation = 'avf' WHERE id = 1",
		"UPDATE series SET aggregation = 'lode' WHERE id = 2",
	} {
		path := twoSeries(t)
		filetest.Exec(t, path,
			"PRAGMA ignore_check_constraints = on; DROP TRIGGER series_by_hand; "+statement)
		mendsSeries(t, path)
	}
}

// Where the rows are gone, the index is what is left of them: it is not made again from nothing.
func TestSeriesWithoutRows(t *testing.T) {
	path := twoSeries(t)
	rows := filetest.Int(t, path, "SELECT rootpage - 1 FROM sqlite_schema WHERE name = 'series'")
	empty := filetest.Int(t, path, "SELECT rootpage - 1 FROM sqlite_schema WHERE name = 'imports'")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(file[rows*512:][:512], file[empty*512:])
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if moved := open(t, path).Findings().Quarantine; moved == nil ||
		!bytes.Equal([]byte(readFile(t, moved.Path)), file) {
		t.Errorf("moved aside was %v, want the file as it was", moved)
	}
}

// mendsSeries says that both series are read, and are themselves again once the file has been
// opened for writing.
func mendsSeries(t *testing.T, path string) {
	t.Helper()
	if diff := cmp.Diff([]repo.Key{mendedAverage, mendedMode}, keysOf(t, path)); diff != "" {
		t.Errorf("series of a reader (-want +got):\n%s", diff)
	}
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	if moved := w.Findings().Quarantine; moved != nil {
		t.Fatalf("it was moved aside: %v", moved.Cause)
	}
	got := add(t, w,
		repo.Sample{Series: &repo.Series{Key: mendedAverage}, TS: start, Value: 1},
		repo.Sample{Series: &repo.Series{Key: mendedMode, Aggregation: repo.Mode}, TS: start, Value: 2})
	if diff := cmp.Diff([]repo.Outcome{repo.Duplicate, repo.Duplicate}, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	walk(t, w)
	if unsound := w.Unsound(); len(unsound) > 0 {
		t.Errorf("still told of: %v", unsound)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n := filetest.Int(t, path, "SELECT count(*) FROM series WHERE chk IS NOT NULL"); n != 2 {
		t.Errorf("%d series have a check value, want 2", n)
	}
	if err := filetest.Check(path); err != nil {
		t.Error(err)
	}
}

func keysOf(t *testing.T, path string) []repo.Key {
	t.Helper()
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var keys []repo.Key
	for _, series := range s.Series {
		keys = append(keys, series.Key)
	}
	if err := errors.Join(s.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	return keys
}

// A series of which neither row nor index tell what was written is left out and told of, and
// another one takes its name.
func TestSeriesBeyondMending(t *testing.T) {
	path := twoSeries(t)
	filetest.Exec(t, path, "DROP TRIGGER series_by_hand; UPDATE series SET chk = chk + 1 WHERE id = 2")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// the index has no aggregation
	row := bytes.Index(whole, append([]byte("mended_modewan{}"), "mode"...))
	whole[row] ^= 1
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]repo.Key{mendedAverage}, keysOf(t, path)); diff != "" {
		t.Errorf("series of a reader (-want +got):\n%s", diff)
	}
	w := open(t, path)
	if diff := cmp.Diff([]repo.Outcome{repo.Stored, repo.Stored}, addNew(t, w)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]repo.Unsound{{Table: "series", Rows: 1}}, w.Unsound()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// A series that is damaged under a writer is refused, takes no other one with it, and is mended by
// the next walk.
func TestSeriesDamagedUnderAWriter(t *testing.T) {
	path := twoSeries(t)
	w := open(t, path)
	filetest.Exec(t, path, "DROP TRIGGER series_by_hand; UPDATE series SET chk = chk + 1 WHERE id = 2")
	if diff := cmp.Diff([]repo.Outcome{repo.RefusedDamaged, repo.Stored}, addNew(t, w)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	walk(t, w)
	if diff := cmp.Diff([]repo.Outcome{repo.Stored, repo.Duplicate}, addNew(t, w)); diff != "" {
		t.Errorf("outcomes after a walk (-want +got):\n%s", diff)
	}
}

// addNew adds a new sample of both series, by handles that know nothing yet.
func addNew(t *testing.T, w *repo.Writer) []repo.Outcome {
	t.Helper()
	return add(t, w,
		repo.Sample{Series: &repo.Series{Key: mendedMode, Aggregation: repo.Mode}, TS: start + 1,
			Value: 2},
		repo.Sample{Series: &repo.Series{Key: mendedAverage}, TS: start + 1, Value: 1})
}

// walk looks at all rows.
func walk(t *testing.T, w *repo.Writer) {
	t.Helper()
	var state repo.Walk
	for more := true; more; {
		var err error
		if more, err = w.Walk(t.Context(), &state); err != nil {
			t.Fatal(err)
		}
	}
}

// Another writer makes series while the file is opened and looked through: rows and index are those
// of one moment, and fit.
func TestSeriesMadeMeanwhile(t *testing.T) {
	path := filetest.Path(t)
	other := open(t, path)
	made := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < 500 && err == nil; i++ {
			at := start + repo.Micros(i)
			batch := repo.Batch{
				Samples: every(1, at, at+1, newSeries(fmt.Sprintf("rtt_%d", i))), Latest: math.MaxInt64,
			}
			err = other.Append(t.Context(), batch, make([]repo.Outcome, 1))
		}
		made <- err
	}()
	w := open(t, path)
	for {
		for walk, more := new(repo.Walk), true; more; {
			var err error
			if more, err = w.Walk(t.Context(), walk); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case err := <-made:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}
