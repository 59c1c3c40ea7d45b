package corruption

import (
	"os"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A byte that flips in the WAL of a running program, at a place that SQLite looked at for the last
// time when it wrote it: a reader of the page is told, and the damage does not get into the file.
func TestFlippedWALWhileRecording(t *testing.T) {
	random := filetest.Random(t)
	told := 0
	for round := range 40 {
		w, lines := running(t)
		add(t, w, commits)
		want := read(t, w.Path())
		wal, err := os.ReadFile(w.Path() + "-wal")
		must(t, err)
		const frame = 24 + pageSize
		frames := len(wal) / frame
		n := random.IntN(frames)
		if round%2 == 0 {
			n = frames - 1 - random.IntN(3) // of the last commit: nobody has written these pages again
		}
		place := 32 + n*frame
		// its number, sum or page
		place += []int{random.IntN(8), 16 + random.IntN(8), 24 + random.IntN(pageSize)}[random.IntN(3)]
		flip(random, wal, place)
		file, err := os.OpenFile(w.Path()+"-wal", os.O_WRONLY, 0)
		must(t, err)
		_, err = file.WriteAt(wal[place:place+1], int64(place))
		must(t, err)
		must(t, file.Close())

		readsRightOrTells(t, w.Path(), want)
		if _, err := w.Maintain(t.Context()); err != nil && !isDamage(err) { // it may be what finds it
			t.Error(err)
		}
		maintain(t, w)
		must(t, w.Close(t.Context()))
		must(t, filetest.Check(w.Path()))
		said := strings.Join(lines.lines, "\n")
		switch {
		case strings.Contains(said, "moved aside") || strings.Contains(said, "the WAL is damaged"):
			told++
		case counted(t, w.Path()) != 3*commits:
			t.Errorf("samples are missing, and the log says %q", said)
		}
		if t.Failed() {
			t.Fatalf("byte %d, in frame %d", place, (place-32)/frame)
		}
	}
	if told == 0 {
		t.Error("no flip was told of: none of them was in a page that counts")
	}
	t.Logf("%d of 40 were told of, the others were in pages that had been written again", told)
}

// What a killed program leaves of a transaction that is larger than its cache is in the WAL without
// its sums. It was not committed, so nothing is lost, and nobody is told that anything is.
func TestKilledInALargeTransaction(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	fill(t, w)
	add(t, w, commits)
	large, err := sqlite3.Open("file:" + path)
	must(t, err)
	must(t, large.Exec("PRAGMA cache_size = 10; PRAGMA wal_autocheckpoint = 0; BEGIN IMMEDIATE"))
	for range 2 {
		must(t, large.Exec("UPDATE rollups SET sum = sum + 1; UPDATE raw_blocks SET last_ts = last_ts "+
			"+ 1"))
	}
	left := take(t, path)
	must(t, large.Exec("ROLLBACK"))
	must(t, large.Close())
	must(t, w.Close(t.Context()))

	delete(left, "-shm")
	lines, logger := newLogged()
	w = openWith(t, service.Config{DBPath: left.put(t)}, service.Options{Logger: logger})
	if n := counted(t, w.Path()); n != 3*commits {
		t.Errorf("%d samples, want %d", n, 3*commits)
	}
	must(t, w.Close(t.Context()))
	for _, line := range lines.lines {
		if strings.Contains(line, "WAL is damaged") {
			t.Errorf("the log says %s", line)
		}
	}
}
