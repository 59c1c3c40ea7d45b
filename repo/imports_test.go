package repo_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

func TestTwoRunsOfNewData(t *testing.T) {
	path := filetest.Path(t)
	first, second := open(t, path), open(t, path)
	one, two := begin(t, first, "data.csv", 0), begin(t, second, "data.csv", 0)

	if err := appendWith(t, first, one, 100); err != nil {
		t.Fatal(err)
	}
	before := filetest.Dump(t, path)
	if err := appendWith(t, second, two, 100); !errors.Is(err, repo.ErrImportMoved) {
		t.Fatalf("the second run: %v, want ErrImportMoved", err)
	}
	if diff := cmp.Diff(before, filetest.Dump(t, path)); diff != "" {
		t.Errorf("the refused batch left something (-before +after):\n%s", diff)
	}
	if err := appendWith(t, first, one, 200); err != nil {
		t.Errorf("the first run goes on: %v", err)
	}
	checkMarks(t, first, 200)
}

func TestTwoRunsThatGoOnFromOneMark(t *testing.T) {
	path := filetest.Path(t)
	first, second := open(t, path), open(t, path)
	if err := appendWith(t, first, begin(t, first, "data.csv", 0), 100); err != nil {
		t.Fatal(err)
	}
	one, two := begin(t, first, "data.csv", 100), begin(t, second, "data.csv", 100)
	if err := appendWith(t, first, one, 150); err != nil {
		t.Fatal(err)
	}
	if err := appendWith(t, second, two, 150); !errors.Is(err, repo.ErrImportMoved) {
		t.Errorf("the second run: %v, want ErrImportMoved", err)
	}
	checkMarks(t, first, 100, 150)
}

func TestARunThatGoesOnLeavesTheOlderMark(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	if err := appendWith(t, w, begin(t, w, "data.csv", 0), 100); err != nil {
		t.Fatal(err)
	}
	longer := begin(t, w, "data-longer.csv", 100)
	for _, reached := range []int64{150, 200, 250} {
		if err := appendWith(t, w, longer, reached); err != nil {
			t.Fatal(err)
		}
	}
	checkMarks(t, w, 100, 250)
	// What the shorter data have reached is still there to go on from.
	if err := appendWith(t, w, begin(t, w, "data.csv", 100), 120); err != nil {
		t.Error(err)
	}
	checkMarks(t, w, 100, 120, 250)
}

func TestAFailedBatchLeavesTheMark(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	run := begin(t, w, "data.csv", 0)
	if err := appendWith(t, w, run, 100); err != nil {
		t.Fatal(err)
	}
	// A trigger fails the batch after its samples, in the middle of moving the mark.
	filetest.Exec(t, path,
		`CREATE TRIGGER fails BEFORE UPDATE ON imports BEGIN SELECT raise(ABORT, 'no room'); END`)
	before := filetest.Dump(t, path)
	if err := appendWith(t, w, run, 200); err == nil {
		t.Fatal("the batch went through")
	}
	if diff := cmp.Diff(before, filetest.Dump(t, path)); diff != "" {
		t.Errorf("the failed batch left something (-before +after):\n%s", diff)
	}
	filetest.Exec(t, path, `DROP TRIGGER fails`)
	if err := appendWith(t, w, run, 200); err != nil {
		t.Errorf("the run goes on: %v", err)
	}
	checkMarks(t, w, 200)
}

func TestAFailedFirstBatchOfARunThatGoesOn(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	if err := appendWith(t, w, begin(t, w, "data.csv", 0), 100); err != nil {
		t.Fatal(err)
	}
	run := begin(t, w, "data.csv", 100)
	filetest.Exec(t, path,
		`CREATE TRIGGER fails BEFORE UPDATE ON imports BEGIN SELECT raise(ABORT, 'no room'); END`)
	if err := appendWith(t, w, run, 200); err == nil {
		t.Fatal("the batch went through")
	}
	checkMarks(t, w, 100)
	filetest.Exec(t, path, `DROP TRIGGER fails`)
	if err := appendWith(t, w, run, 200); err != nil {
		t.Errorf("the run goes on: %v", err)
	}
	checkMarks(t, w, 100, 200)
}

// Skipped lines are written down with their batch, and forgotten with the one that takes them.
func TestSkippedLinesAreTakenOnce(t *testing.T) {
	path := filetest.Path(t)
	first, second := open(t, path), open(t, path)
	run := begin(t, first, "data.csv", 0)
	want := mark(100)
	run.Reached = want
	run.Reached.Skipped, run.At = []byte{1, 0, 3}, start
	if err := first.Append(t.Context(), repo.Batch{Import: run}, nil); err != nil {
		t.Fatal(err)
	}
	want.Format, want.Skipped = repo.ImportSkipped, []byte{1, 0, 3}
	one, two := beginSkipped(t, first, want), beginSkipped(t, second, want)

	filetest.Exec(t, path,
		`CREATE TRIGGER fails BEFORE DELETE ON imports BEGIN SELECT raise(ABORT, 'no room'); END`)
	before := filetest.Dump(t, path)
	if err := appendWith(t, first, one, 50); err == nil {
		t.Fatal("the batch went through")
	}
	if diff := cmp.Diff(before, filetest.Dump(t, path)); diff != "" {
		t.Errorf("the failed batch left something (-before +after):\n%s", diff)
	}
	filetest.Exec(t, path, `DROP TRIGGER fails`)
	if err := appendWith(t, first, one, 50); err != nil {
		t.Fatal(err)
	}
	if err := appendWith(t, second, two, 50); !errors.Is(err, repo.ErrImportMoved) {
		t.Errorf("the second run: %v, want ErrImportMoved", err)
	}
	checkMarks(t, first, 100)
}

// beginSkipped begins a run at the one mark of skipped lines, which must be as wanted.
func beginSkipped(t *testing.T, w *repo.Writer, want repo.ImportMark) *repo.Import {
	t.Helper()
	imports, err := w.Imports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range imports.Marks {
		if mark.Format == repo.ImportSkipped {
			if diff := cmp.Diff(want, mark, cmpopts.IgnoreUnexported(repo.ImportMark{}),
				cmpopts.IgnoreFields(repo.ImportMark{}, "Source"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the mark of skipped lines (-want +got):\n%s", diff)
			}
			return imports.Begin("data.csv", mark)
		}
	}
	t.Fatalf("no skipped lines in %v", imports.Marks)
	return nil
}

// begin begins a run at the mark of that many bytes.
func begin(t *testing.T, w *repo.Writer, source string, bytes int64) *repo.Import {
	t.Helper()
	imports, err := w.Imports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range append(imports.Marks, repo.ImportMark{}) {
		if mark.Bytes == bytes {
			return imports.Begin(source, mark)
		}
	}
	t.Fatalf("no mark at %d bytes in %v", bytes, imports.Marks)
	return nil
}

// mark is what an import that has taken so many bytes in writes down.
func mark(bytes int64) repo.ImportMark {
	return repo.ImportMark{Format: repo.ImportCSV, Bytes: bytes, Lines: bytes / 10,
		Hash: []byte{byte(bytes)}}
}

// appendWith appends one sample of a series of its own and moves the run to that many bytes.
func appendWith(t *testing.T, w *repo.Writer, run *repo.Import, bytes int64) error {
	t.Helper()
	run.Reached, run.At = mark(bytes), start
	batch := repo.Batch{
		Samples: []repo.Sample{{Series: newSeries("imported"),
			TS: start.Add(time.Duration(bytes) * time.Second), Value: 1}},
		Latest: math.MaxInt64,
		Import: run,
	}
	return w.Append(t.Context(), batch, make([]repo.Outcome, 1))
}

func checkMarks(t *testing.T, w *repo.Writer, bytes ...int64) {
	t.Helper()
	imports, err := w.Imports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var want []repo.ImportMark
	for _, n := range bytes {
		want = append(want, mark(n))
	}
	if diff := cmp.Diff(want, imports.Marks, cmpopts.IgnoreUnexported(repo.ImportMark{}),
		cmpopts.IgnoreFields(repo.ImportMark{}, "Source"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}
