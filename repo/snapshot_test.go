package repo_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A view of many series is asked for each of them, and keeps none of these questions.
func TestViewKeepsNothingOfItsQuestions(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	series := newSeries("rtt")
	add(t, w, every(1, start, start+10, series)...)
	snapshot, err := openReader(t, path).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	ask := func(times int) {
		for range times {
			n, err := snapshot.CountSamples(snapshot.Context(), snapshot.Series,
				repo.Span{From: start, Until: start + 10})
			if err != nil || n != 10 {
				t.Fatalf("%d samples, error %v; want 10", n, err)
			}
		}
	}
	ask(100)
	before := liveHeap()
	ask(10_000)
	if grown := liveHeap() - before; grown > 1_000_000 {
		t.Errorf("%d bytes more after 10,000 questions", grown)
	}
}

func liveHeap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// What is read after its context has ended says so, whichever of database/sql and SQLite is the
// first to notice.
func TestReadingAfterTheContextHasEnded(t *testing.T) {
	path := oneSample(t)
	reader, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		snapshot, err := reader.Snapshot(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var ending sync.WaitGroup
		ending.Go(cancel)
		for err == nil { // until the end is noticed
			_, err = snapshot.Newest(ctx)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		ending.Wait()
		if err := snapshot.Close(); err != nil {
			t.Error(err)
		}
	}
}
