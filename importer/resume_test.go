package importer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

func TestTwice(t *testing.T) {
	s := newStore(t)
	path := write(t, "a.csv", header+rows(0, 12_000))
	s.want(path, importer.Options{}, importer.Result{Read: 12_000, Stored: 12_000})
	s.want(path, importer.Options{}, importer.Result{Known: 12_000})
	s.wantCount(12_000)
	if got := s.marks(); got != 1 {
		t.Errorf("%d places are remembered, want 1", got)
	}
}

// The same data is known again by what it is, not by what it is called.
func TestOtherName(t *testing.T) {
	text := header + rows(0, 30)
	for _, first := range []string{"plain", "packed", "stdin"} {
		t.Run(first, func(t *testing.T) {
			s := newStore(t)
			sources := map[string]func() string{
				"plain":        func() string { return write(t, "a.csv", text) },
				"another name": func() string { return write(t, "b", text) },
				"packed":       func() string { return write(t, "c", compressed(t, text)) },
				"stdin":        func() string { input(t, text); return "-" },
				"packed stdin": func() string { input(t, compressed(t, text)); return "-" },
			}
			s.want(sources[first](), importer.Options{}, importer.Result{Read: 30, Stored: 30})
			for _, source := range sources {
				s.want(source(), importer.Options{}, importer.Result{Known: 30})
			}
			s.wantCount(30)
		})
	}
}

func TestGrown(t *testing.T) {
	s := newStore(t)
	path := write(t, "a.csv", header)
	s.want(path, importer.Options{}, importer.Result{})
	grow(t, path, rows(0, 10))
	s.want(path, importer.Options{}, importer.Result{Read: 10, Stored: 10})
	grow(t, path, rows(10, 25))
	s.want(path, importer.Options{}, importer.Result{Read: 15, Stored: 15, Known: 10})
	// Packed again as a whole, or by adding a member, as programs that rotate their logs do.
	s.want(write(t, "a.csv.gz", compressed(t, header+rows(0, 30))), importer.Options{},
		importer.Result{Read: 5, Stored: 5, Known: 25})
	s.want(write(t, "a.csv.gz", compressed(t, header+rows(0, 25))+compressed(t, rows(25, 32))),
		importer.Options{},
		importer.Result{Read: 2, Stored: 2, Known: 30})
	// The older states stay known.
	s.want(path, importer.Options{}, importer.Result{Known: 25})
	s.want(write(t, "b.csv", header+rows(0, 10)), importer.Options{}, importer.Result{Known: 10})
	// Other data that begins in the same way is new from where an earlier import has ended.
	s.want(write(t, "c.csv", header+rows(0, 10)+rows(100, 103)), importer.Options{},
		importer.Result{Read: 3, Stored: 3, Known: 10})
	s.wantCount(35)
}

// Where nothing tells old samples from new ones any more, the place does.
func TestAfterAging(t *testing.T) {
	clock := now
	s := newStoreAt(t, service.Config{RetentionDays: 30}, func() time.Time { return clock })
	path := write(t, "a.csv", header+rows(0, 300))
	s.want(path, importer.Options{}, importer.Result{Read: 300, Stored: 300})
	for _, age := range []time.Duration{2 * time.Hour, 3 * 24 * time.Hour, 10 * 24 * time.Hour} {
		clock = now.Add(age)
		if _, err := s.writer.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.want(path, importer.Options{}, importer.Result{Known: 300})
		s.wantCount(300)
	}
	grow(t, path, rows(300, 310))
	s.want(path, importer.Options{}, importer.Result{Read: 10, Stored: 10, Known: 300})
	s.wantCount(310)
	clock = now.AddDate(1, 0, 0)
	// that it is too old now does not matter
	s.want(path, importer.Options{}, importer.Result{Known: 310})
}

func TestCancelled(t *testing.T) {
	s := newStore(t)
	path := write(t, "a.csv", header+rows(0, 1000))
	cause := errors.New("stopped by the test")
	for stop := int64(1); stop <= 4; stop++ {
		ctx, cancel := context.WithCancelCause(t.Context())
		batches := int64(0)
		options := importer.Options{Progress: func(int64, int64) {
			if batches++; batches == stop {
				cancel(cause)
			}
		}}.WithBatch(50)
		result, err := importer.CSV(ctx, s.writer, path, options)
		if !errors.Is(err, cause) {
			t.Fatalf("got %v, want the cause", err)
		}
		before := 50 * stop * (stop - 1) / 2
		if want := (importer.Result{Read: 50 * stop, Stored: 50 * stop, Known: before}); result != want {
			t.Errorf("got %+v, want %+v", result, want)
		}
		s.wantCount(before + 50*stop)
	}
	s.want(path, importer.Options{}, importer.Result{Read: 500, Stored: 500, Known: 500})
	s.wantCount(1000)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for _, path := range []string{path, write(t, "a.gz", compressed(t, header+rows(0, 2000)))} {
		if _, err := importer.CSV(ctx, s.writer, path, importer.Options{}); !errors.Is(err, cause) {
			t.Errorf("begun when it was cancelled: got %v, want the cause", err)
		}
	}
	s.wantCount(1000)
}

func TestCancelledByBadLine(t *testing.T) {
	s := newStore(t)
	path := write(t, "a.csv", header+rows(0, 100)+"bad\n"+rows(100, 200))
	ctx, cancel := context.WithCancel(t.Context())
	options := importer.Options{SkipBad: true,
		OnBad: func(*importer.LineError) { cancel() }}.WithBatch(30)
	result, err := importer.CSV(ctx, s.writer, path, options)
	if want := (importer.Result{Read: 90, Stored: 90, Bad: 1}); !errors.Is(err, context.Canceled) ||
		result != want {
		t.Errorf("got %+v, %v, want %+v", result, err, want)
	}
	s.want(path, importer.Options{SkipBad: true},
		importer.Result{Read: 110, Stored: 110, Bad: 1, Known: 90})
	s.want(path, importer.Options{}, importer.Result{Known: 201})
	s.wantCount(200)
}

func TestWriterClosedHalfWay(t *testing.T) {
	s := newStore(t)
	path := write(t, "a.csv", header+rows(0, 100))
	second, err := service.OpenWriter(t.Context(), service.Config{DBPath: s.path}, service.Options{})
	if err != nil {
		t.Fatal(err)
	}
	options := importer.Options{Progress: func(int64, int64) {
		if err := second.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}}.WithBatch(10)
	result, err := importer.CSV(t.Context(), second, path, options)
	if want := (importer.Result{Read: 10, Stored: 10}); !errors.Is(err, service.ErrClosed) ||
		result != want {
		t.Errorf("got %+v, %v, want %+v", result, err, want)
	}
	s.want(path, importer.Options{}, importer.Result{Read: 90, Stored: 90, Known: 10})
	s.wantCount(100)
}

func TestAllTooOld(t *testing.T) {
	s := newStore(t)
	old := strings.ReplaceAll(rows(0, 100), "1772", "1700")
	path := write(t, "a.csv", header+"bad\n"+old)
	result, err := s.add(path, importer.Options{Now: now})
	if !errors.Is(err, importer.ErrAllTooOld) || result != (importer.Result{}) {
		t.Fatalf("got %+v, %v, want that all are too old", result, err)
	}
	want := "import " + path +
		": all rows are too old to be kept: the newest is of 2023-11-19T03:30:00.099Z, and the history " +
		"keeps nothing from before 2026-02-22T12:00:00Z, with ages counted from 2026-03-01T12:00:00Z; " +
		"to import old data give --now TIME"
	if !strings.HasPrefix(err.Error(), want) ||
		!strings.Contains(err.Error(), "such as --now 2023-11-19T03:30:01Z (") {
		t.Errorf("got %q, want %q", err, want)
	}
	if got := s.marks(); got != 0 {
		t.Errorf("%d places are remembered, want none", got)
	}
	s.wantCount(0)

	// One row that is welcome is enough, and what comes later in a file counts by itself.
	grow(t, path, row(0))
	options := importer.Options{SkipBad: true}
	// a new file has not let go of anything yet
	s.want(path, options, importer.Result{Read: 101, Stored: 101, Bad: 1})
	grow(t, path, old)
	if _, err = s.add(path, options); !errors.Is(err, importer.ErrAllTooOld) {
		t.Errorf("got %v, want that all new rows are too old", err)
	}
}

func TestOnlyBadLines(t *testing.T) {
	s := newStore(t)
	path := write(t, "a.csv", header+"bad\nworse\n")
	s.want(path, importer.Options{SkipBad: true}, importer.Result{Bad: 2})
	s.want(path, importer.Options{SkipBad: true}, importer.Result{Known: 2})
}

func TestRefused(t *testing.T) {
	s := newStore(t)
	row := func(at time.Time, value string) string {
		return fmt.Sprintf("%d,wan0,wanctl_rtt_ms,{},%s\n", at.UnixMilli(), value)
	}
	if _, err := s.writer.Maintain(t.Context()); err != nil { // lets go of what is too old
		t.Fatal(err)
	}
	path := write(t, "a.csv", header+row(now, "1")+row(now, "2")+row(now.AddDate(-1, 0, 0), "3"))
	s.want(path, importer.Options{}, importer.Result{
		Read: 3, Stored: 1, Duplicate: 1, Refused: service.Refused{TooOld: 1},
	})
}

func TestGrownWithinLine(t *testing.T) {
	half := header + rows(0, 3) + strings.TrimSuffix(row(3), "5\n")
	ends := map[string]string{"": "\n", "\r": "\n", "nothing": ""}
	for end := range ends {
		t.Run("line end after "+fmt.Sprintf("%q", end), func(t *testing.T) {
			s := newStore(t)
			text := half
			if end != "nothing" {
				text += end
			}
			path := write(t, "a.csv", text)
			s.want(path, importer.Options{}, importer.Result{Read: 4, Stored: 4})
			s.want(path, importer.Options{}, importer.Result{Known: 4})
			if end == "nothing" {
				grow(t, path, "\r")
				s.want(path, importer.Options{}, importer.Result{Known: 4})
			}
			grow(t, path, "\n")
			s.want(path, importer.Options{}, importer.Result{Known: 4})
			grow(t, path, rows(4, 6)+"\n")
			s.want(path, importer.Options{}, importer.Result{Read: 2, Stored: 2, Known: 4})
			s.wantCount(6)
		})
	}
	t.Run("the rest of the line", func(t *testing.T) {
		s := newStore(t)
		path := write(t, "a.csv", half)
		s.want(path, importer.Options{}, importer.Result{Read: 4, Stored: 4})
		grow(t, path, "5")
		for range 2 { // it is not passed before it has ended
			s.want(path, importer.Options{SkipBad: true}, importer.Result{Bad: 1, Known: 4})
		}
		grow(t, path, "\n"+rows(4, 6))
		result, err := s.add(path, importer.Options{})
		var bad *importer.LineError
		if !errors.As(err, &bad) || bad.Line != 5 ||
			!strings.Contains(err.Error(), "imported before it was complete") {
			t.Errorf("got %v, want a bad line 5", err)
		}
		if want := (importer.Result{Bad: 1, Known: 4}); result != want {
			t.Errorf("got %+v, want %+v", result, want)
		}
		s.want(path, importer.Options{SkipBad: true},
			importer.Result{Read: 2, Stored: 2, Bad: 1, Known: 4})
		s.want(path, importer.Options{}, importer.Result{Known: 6})
		s.wantCount(6)
	})
}

// Two imports of the same data at the same time store each row once, and at most one of them gives
// up.
func TestConcurrent(t *testing.T) {
	s := newStore(t)
	text := header + rows(0, 2000)
	paths := []string{write(t, "a.csv", text), write(t, "b.csv.gz", compressed(t, text))}
	errs := make([]error, len(paths))
	results := make([]importer.Result, len(paths))
	var group sync.WaitGroup
	for n, path := range paths {
		group.Go(func() {
			results[n], errs[n] = importer.CSV(t.Context(), s.writer, path, importer.Options{}.WithBatch(20))
		})
	}
	group.Wait()
	moved := 0
	for n, err := range errs {
		switch {
		case errors.Is(err, service.ErrImportMoved):
			moved++
		case err != nil:
			t.Errorf("import of %s: %v", paths[n], err)
		}
	}
	if moved == len(errs) {
		t.Errorf("both have given up: %v", errs)
	}
	if stored := results[0].Stored + results[1].Stored; stored != 2000 ||
		results[0].Duplicate+results[1].Duplicate > 0 {
		t.Errorf("got %+v, want 2000 rows stored and no duplicates", results)
	}
	s.want(paths[0], importer.Options{}, importer.Result{Known: 2000})
	s.wantCount(2000)
}

// Another import that has begun in the meantime, of other data or of this, makes one start over and
// no more than that.
func TestBeginAnew(t *testing.T) {
	s := newStore(t)
	other := write(t, "other.csv", header+rows(1000, 1010))
	path := write(t, "a.csv", header+"bad\n"+rows(0, 10))
	begun := false
	options := importer.Options{SkipBad: true, OnBad: func(*importer.LineError) {
		if !begun {
			begun = true
			s.want(other, importer.Options{}, importer.Result{Read: 10, Stored: 10})
		}
	}}
	s.want(path, options, importer.Result{Read: 10, Stored: 10, Bad: 1})
	begun = false
	same := write(t, "same.csv", header+"bad\n"+rows(20, 30))
	options.OnBad = func(*importer.LineError) {
		if !begun {
			begun = true
			s.want(same, importer.Options{SkipBad: true}, importer.Result{Read: 10, Stored: 10, Bad: 1})
		}
	}
	s.want(same, options, importer.Result{Known: 11})
	s.wantCount(30)
}
