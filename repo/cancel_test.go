package repo_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/wanstore/wanstore/repo"
)

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
