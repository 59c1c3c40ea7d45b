package faults

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/repo/repotest"
)

// sampledReads is how many readings fail, each in a run of its own.
const sampledReads = 40

// A disk that cannot read is a broken disk, and no reason to move a file aside: what it cannot read
// now it may read the next time. Which reading is the first to fail makes no difference.
func TestFailedRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), fileName)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	must(t, err)
	must(t, appendAll(t.Context(), w, 1, 3000))
	must(t, w.Checkpoint(t.Context()))
	must(t, appendAll(t.Context(), w, 3001, 3100)) // which the WAL alone has
	disk, copied := copyOnDisk(t, path)
	must(t, openAppendAndClose(t.Context(), copied))
	total := disk.Reads()
	random := filetest.Random(t)
	for n := range sampledReads {
		after := random.IntN(total)
		if n < sampledReads/2 { // the first ones are the ones that say what the file is
			after = n
		}
		disk, copied := copyOnDisk(t, path)
		disk.FailReads(after, syscall.EIO)
		err := openAppendAndClose(t.Context(), copied)
		// Of a page that the check at open cannot read SQLite says no more than this.
		if !errors.Is(err, syscall.EIO) && !errors.Is(err, sqlite3.IOERR) || repo.IsDamage(err) {
			t.Errorf("reading %d of %d fails: %v, want the error of the disk", after+1, total, err)
		}
		disk.Heal()
		moved, err := repo.Quarantined(copied)
		must(t, err)
		if len(moved) > 0 {
			t.Errorf("reading %d of %d has failed: moved aside are %v", after+1, total, moved)
		}
		must(t, openAppendAndClose(t.Context(), copied))
		if got := filetest.Int(t, copied, filetest.CountRawSamples); got != 3101 {
			t.Errorf("reading %d of %d has failed: %d samples, want 3101", after+1, total, got)
		}
	}
	must(t, w.Close())
}

func copyOnDisk(t *testing.T, path string) (disk *repotest.Disk, copied string) {
	t.Helper()
	copied = filepath.Join(t.TempDir(), fileName)
	must(t, filetest.CopyOpen(path, copied))
	return repotest.NewDisk(t, filepath.Dir(copied)), copied
}

// openAppendAndClose looks at all of the file, and at the newest samples.
func openAppendAndClose(ctx context.Context, path string) error {
	w, err := repo.OpenWriter(ctx, path, repo.SynchronousNormal)
	if err != nil {
		return err
	}
	err = appendAll(ctx, w, 3101, 3101)
	if err == nil {
		err = w.Checkpoint(ctx)
	}
	return errors.Join(err, w.Close())
}

// appendAll appends the samples of these moments.
func appendAll(ctx context.Context, w *repo.Writer, first, last repo.Micros) error {
	series := &repo.Series{Key: repo.Key{MetricName: "rtt", WANName: "wan", Labels: "{}"}}
	batch := repo.Batch{Latest: math.MaxInt64}
	for ts := first; ts <= last; ts++ {
		value := float64(ts) / 3 // long enough to fill some pages
		batch.Samples = append(batch.Samples, repo.Sample{Series: series, TS: ts, Value: value})
	}
	return w.Append(ctx, batch, make([]repo.Outcome, len(batch.Samples)))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
