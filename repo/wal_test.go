package repo_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

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

// The limits of the WAL are in bytes, whatever size its pages have.
func TestCheckpointDueWithLargePages(t *testing.T) {
	path := record(t)
	shell(t, path, "PRAGMA journal_mode = delete; PRAGMA page_size = 65536; VACUUM;")
	w := open(t, path)
	n := 0
	for ; !w.CheckpointDue() && n < 1000; n++ {
		add(t, w, repo.Sample{Series: newSeries("other"), TS: start + repo.Micros(n)*second, Value: 1})
	}
	if bytes := w.WALBytes(); bytes < 4<<20 || bytes > 5<<20 {
		t.Errorf("a checkpoint is due after %d commits, at %d bytes of WAL, want 4 MiB", n, bytes)
	}
	if limit := w.WALPagesLimit(); limit != 256 {
		t.Errorf("commits wait at %d pages, want 256", limit)
	}
}

// A checkpoint that was put off because a reader held the WAL is due as ever when another program
// has reset that.
func TestCheckpointDueAfterAnotherProgramHasResetTheWAL(t *testing.T) {
	path := record(t)
	w := open(t, path)
	n := 0
	fill := func(bytes int64) {
		for before := w.WALBytes(); w.WALBytes() < before+bytes && n < 10_000; n++ {
			long := newSeries(strings.Repeat("x", 10_000) + strconv.Itoa(n))
			add(t, w, repo.Sample{Series: long, TS: start, Value: 1})
		}
	}
	release := filetest.Hold(t, path)
	fill(8 << 20)
	checkpoint(t, w)
	release()
	shell(t, path, "PRAGMA wal_checkpoint(truncate);")
	fill(4<<20 + 1<<18)
	if !w.CheckpointDue() {
		t.Errorf("no checkpoint is due at %d bytes of WAL", w.WALBytes())
	}
}
