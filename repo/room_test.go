package repo_test

import (
	"errors"
	"math"
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A commit that finds no room says so, stores nothing, and succeeds when there is room again.
func TestNoRoomToCommit(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	release := filetest.Limit(t, 128<<10)
	stored, err := fillUp(t, w)
	if !errors.Is(err, repo.ErrDiskFull) {
		t.Errorf("got error %v, want %v", err, repo.ErrDiskFull)
	}
	release()
	if got := filetest.Int(t, path, filetest.CountRawSamples); got != stored {
		t.Errorf("%d samples in the file, want the %d of the commits that succeeded", got, stored)
	}
	add(t, w, every(1, start-1000, start, newSeries("later"))...)
}

func TestNoRoomToCheckpoint(t *testing.T) {
	w := open(t, filetest.Path(t))
	add(t, w, every(1, start, start+10_000, newSeries("metric"))...)
	release := filetest.Limit(t, 64<<10)
	err := w.Checkpoint(t.Context())
	release()
	if !errors.Is(err, repo.ErrDiskFull) {
		t.Errorf("got error %v, want %v", err, repo.ErrDiskFull)
	}
	if err := w.Checkpoint(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNoRoomToOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	release := filetest.Limit(t, 1)
	_, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	release()
	if !errors.Is(err, repo.ErrDiskFull) {
		t.Errorf("got error %v, want %v", err, repo.ErrDiskFull)
	}
}

// fillUp appends until that fails, and returns how many samples were stored.
func fillUp(t *testing.T, w *repo.Writer) (int64, error) {
	t.Helper()
	series := newSeries("metric")
	outcomes := make([]repo.Outcome, 1000)
	for n := range 100 {
		begin := start + repo.Micros(n*len(outcomes))
		batch := repo.Batch{Samples: every(1, begin, begin+1000, series), Latest: math.MaxInt64}
		if err := w.Append(t.Context(), batch, outcomes); err != nil {
			return int64(n * len(outcomes)), err
		}
	}
	t.Fatal("there is room for everything")
	return 0, nil
}
