package repo_test

import (
	"os"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

func TestVacuumGivesBackAllButTheSlack(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	fillSamples(t, path, 24_000, 10, start, 1)
	setFloor(t, path, repo.Raw, start+1000)
	sweepSamples(t, w)
	// The steps of the rest would take the test a while.
	filetest.Exec(t, path, "DELETE FROM raw_samples")
	checkpoint(t, w)
	size := fileSize(t, path)

	var total int64
	for steps := 1; ; steps++ {
		before := filetest.Int(t, path, "PRAGMA page_count")
		freed, more, err := w.Vacuum(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// A pointer-map page of each hundred comes on top.
		if got := before - filetest.Int(t, path, "PRAGMA page_count"); freed != got || freed > 520 {
			t.Errorf("step %d says %d pages and freed %d, want the same and about 512 at most", steps, freed,
				got)
		}
		total += freed
		if !more {
			break
		}
		if steps == 20 {
			t.Fatal("the vacuum does not end")
		}
	}
	if total <= 520 {
		t.Errorf("%d pages given back: that is no more than one step", total)
	}
	if free := filetest.Int(t, path, "PRAGMA freelist_count"); free != 256 {
		t.Errorf("%d pages are free, want the slack of 256", free)
	}
	checkpoint(t, w)
	if got := fileSize(t, path); got != size-total*512 {
		t.Errorf("the file has %d bytes, had %d and gave %d pages back", got, size, total)
	}
	if freed, more, err := w.Vacuum(t.Context()); freed != 0 || more || err != nil {
		t.Errorf("again: freed %d, more %v, %v", freed, more, err)
	}
}

func TestCheckpointDoesNotWaitForAReader(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	snapshot, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()

	series := newSeries("measured")
	salt := walSalt(t, path)
	add(t, w, repo.Sample{Series: series, TS: start})
	checkpoint(t, w) // on the goroutine that has the snapshot: would it wait, it would wait for ever
	add(t, w, repo.Sample{Series: series, TS: start + 1})
	if walSalt(t, path) != salt {
		t.Error("the WAL restarted under a reader")
	}
	for row, err := range snapshot.Scan(t.Context(), repo.Raw, []repo.SeriesInfo{{ID: 1}},
		repo.Span{From: 0, Until: start + 10}) {
		t.Errorf("the reader sees %+v, %v, recorded after its snapshot", row, err)
	}
	if err := snapshot.Close(); err != nil {
		t.Fatal(err)
	}
	checkpoint(t, w)
	add(t, w, repo.Sample{Series: series, TS: start + 2})
	if walSalt(t, path) == salt {
		t.Error("the WAL did not restart when the reader was gone")
	}
}

func TestCheckpointDue(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	n := 0
	// A series with long labels is many pages.
	grow := func() {
		n++
		long := newSeries("long")
		long.Key.Labels = strings.Repeat(string(rune('a'+n)), 400_000)
		add(t, w, repo.Sample{Series: long, TS: start})
	}
	growUntilDue := func() {
		t.Helper()
		for before := w.WALBytes(); !w.CheckpointDue(); {
			if grow(); w.WALBytes() > before+8<<20 {
				t.Fatalf("the WAL grew from %d bytes to %d and no checkpoint is due", before, w.WALBytes())
			}
		}
	}

	if growUntilDue(); w.WALBytes() < 4<<20 {
		t.Errorf("a checkpoint is due at %d bytes of WAL", w.WALBytes())
	}
	release := filetest.Hold(t, path)
	grow()
	checkpoint(t, w)
	if w.CheckpointDue() {
		t.Error("a checkpoint is due again at once, though a reader holds the WAL")
	}
	if grow(); w.CheckpointDue() {
		t.Error("a checkpoint is due again at the next commit, though a reader holds the WAL")
	}
	growUntilDue()
	release()
	checkpoint(t, w)
	if grow(); w.CheckpointDue() {
		t.Error("a checkpoint is due after the WAL has restarted")
	}
}

func checkpoint(t *testing.T, w *repo.Writer) {
	t.Helper()
	if err := w.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// walSalt is what tells a WAL that has restarted from the one before.
func walSalt(t *testing.T, path string) string {
	t.Helper()
	return readFile(t, path+"-wal")[16:24]
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
