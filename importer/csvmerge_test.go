package importer_test

import (
	"context"
	"errors"
	"testing"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// merging takes what lies in rolled-up data.
var merging = importer.Options{Merge: true}

// overlap returns a store with the seconds [0, 1000) of a series rolled up.
func overlap(t *testing.T) *store {
	t.Helper()
	s := newStore(t)
	s.want(write(t, "first.csv", header+seconds("w", 0, 1000)), importer.Options{},
		importer.Result{Read: 1000, Stored: 1000})
	s.age()
	return s
}

// Rows that were skipped are there to be merged, whatever is called what and has grown since.
func TestMergeWhatWasSkipped(t *testing.T) {
	s := overlap(t)
	text := header + seconds("x", 0, 10) + seconds("w", 500, 1200) + "\n\n" + seconds("w", 100, 110)
	path := write(t, "a.csv", text)
	options := importer.Options{}.WithBatch(64)
	s.want(path, options, importer.Result{Read: 210, Stored: 210, Skipped: rolledUp(510)})
	s.want(path, options, importer.Result{Known: 722})
	s.age() // what was taken lies in rolled-up data, too

	grow(t, path, seconds("x", 10, 15))
	s.want(path, options, importer.Result{Read: 5, Stored: 5, Known: 722})
	grow(t, path, seconds("x", 15, 20))
	other := write(t, "b.gz", compressed(t, text+seconds("x", 10, 20)))
	s.want(other, importer.Options{Merge: true}.WithBatch(64),
		importer.Result{Read: 515, Stored: 515, Known: 217})
	s.wantCount(1000 + 210 + 5 + 515)
	for _, path := range []string{path, other} {
		s.want(path, merging, importer.Result{Known: 732})
		s.want(path, importer.Options{}, importer.Result{Known: 732})
	}
	s.wantCount(1000 + 210 + 5 + 515)
}

// Other data that begins alike has the skipped rows of what both begin with, and no others.
func TestMergeOfOtherDataThatBeginsAlike(t *testing.T) {
	s := overlap(t)
	common := header + seconds("w", 0, 50)
	s.want(write(t, "a.csv", common), importer.Options{}, importer.Result{Skipped: rolledUp(50)})
	s.want(write(t, "b.csv", common+seconds("w", 50, 80)), importer.Options{},
		importer.Result{Skipped: rolledUp(30), Known: 50})
	s.want(write(t, "c.csv", common+seconds("x", 0, 5)), merging,
		importer.Result{Read: 55, Stored: 55})
	s.want(write(t, "b.csv", common+seconds("w", 50, 80)), merging,
		importer.Result{Read: 30, Stored: 30, Known: 50})
	s.wantCount(1000 + 55 + 30)
}

// An import that is stopped while it merges goes on where it has stopped.
func TestMergeInterrupted(t *testing.T) {
	s := overlap(t)
	path := write(t, "a.csv", header+seconds("w", 0, 990))
	s.want(path, importer.Options{}.WithBatch(10), importer.Result{Skipped: rolledUp(990)})
	stored := int64(0)
	for stop := 1; stop < 128; stop *= 2 { // of 99 batches
		ctx, cancel := context.WithCancel(t.Context())
		left := stop
		options := importer.Options{Merge: true, Progress: func(int64, int64) {
			if left--; left == 0 {
				cancel()
			}
		}}
		result, err := importer.CSV(ctx, s.writer, path, options)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if result.Known != 990-result.Read || result.Stored != result.Read {
			t.Errorf("stopped after %d batches: %+v", stop, result)
		}
		stored += result.Stored
		s.wantCount(1000 + stored)
	}
	if stored != 990 {
		t.Errorf("%d rows were merged, want 990", stored)
	}
	s.want(path, merging, importer.Result{Known: 990})
}

// Of two that merge the same rows, one takes them.
func TestMergeTwiceAtATime(t *testing.T) {
	s := overlap(t)
	path := write(t, "a.csv", header+seconds("w", 0, 20))
	s.want(path, importer.Options{}.WithBatch(10), importer.Result{Skipped: rolledUp(20)})
	begun := false
	options := importer.Options{Merge: true, Progress: func(int64, int64) {
		if !begun {
			begun = true
			s.want(path, merging, importer.Result{Read: 10, Stored: 10, Known: 10})
		}
	}}
	result, err := s.add(path, options)
	if want := (importer.Result{Read: 10, Stored: 10, Known: 10}); result != want ||
		!errors.Is(err, service.ErrImportMoved) {
		t.Errorf("got %+v, %v, want %+v and that another takes the rest", result, err, want)
	}
	s.wantCount(1020)
}
