package leaves_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/driver"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// What is in the WAL is read instead of what is in the file, whatever has become of that.
func TestDamagedBesideItsWAL(t *testing.T) {
	path := inTheWAL(t)
	want := bySQLite(t, path)
	empty := damaged(t, path, func(data []byte) []byte { return data[:0] })
	if rows := walk(t, empty); len(rows.rows) == 0 || len(rows.rows.minus(want)) > 0 {
		t.Errorf("the WAL alone has %d rows, of which were never written: %.200q",
			len(rows.rows), rows.rows.minus(want))
	}
	twice := damaged(t, path, func(data []byte) []byte {
		for _, n := range pagesOfWAL(t, path+"-wal") {
			if end := n * 512; end <= len(data) {
				clear(data[end-512 : end])
			}
		}
		clear(data[:512])
		return data
	})
	checkRows(t, want, walk(t, twice))
}

// pagesOfWAL are the pages that a WAL has. It may be longer than what counts, where it was
// restarted.
func pagesOfWAL(t *testing.T, path string) (pages []int) {
	t.Helper()
	wal, err := os.ReadFile(path)
	must(t, err)
	const bytes = 24 + 512
	salt := string(wal[16:24])
	for frame := wal[32:]; len(frame) >= bytes && string(frame[8:16]) == salt; frame = frame[bytes:] {
		pages = append(pages, int(binary.BigEndian.Uint32(frame)))
	}
	return pages
}

// Frames count up to the last commit before the first that is damaged.
func TestDamagedWAL(t *testing.T) {
	from := filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), from, repo.SynchronousNormal)
	must(t, err)
	must(t, fill(w))
	series := manySeries()[:4]
	later := start.Add(4 * time.Hour)
	must(t, write(w, series, later, later.Add(time.Minute), time.Second))
	before := filepath.Join(t.TempDir(), "before.db")
	must(t, filetest.CopyOpen(from, before))
	must(t, write(w, series, later.Add(time.Minute), later.Add(2*time.Minute), time.Second))
	must(t, write(w, series, later.Add(2*time.Minute), later.Add(3*time.Minute), time.Second))
	after := filepath.Join(t.TempDir(), "after.db")
	must(t, filetest.CopyOpen(from, after))
	must(t, w.Close())

	old, err := os.ReadFile(before + "-wal")
	must(t, err)
	wal, err := os.ReadFile(after + "-wal")
	must(t, err)
	end := 0
	for end < len(old) && old[end] == wal[end] {
		end++
	}
	wal[end+100] ^= 1
	must(t, os.WriteFile(after+"-wal", wal, 0o600))
	checkRows(t, bySQLite(t, before), walk(t, after))
}

// The WAL of another database says nothing of this one.
func TestForeignWAL(t *testing.T) {
	path := history(t)
	want := bySQLite(t, path)
	for _, size := range []int{512, 4096} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			wal := foreignWAL(t, size)
			copied := damaged(t, path, func(data []byte) []byte { return data })
			must(t, os.WriteFile(copied+"-wal", wal, 0o600))
			checkRows(t, want, walk(t, copied))
		})
	}
}

// foreignWAL is the WAL of a database that is no history.
func foreignWAL(t *testing.T, pageSize int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	pool, err := driver.Open("file:" + path)
	must(t, err)
	defer pool.Close()
	_, err = pool.ExecContext(t.Context(), fmt.Sprintf(`
		PRAGMA page_size = %d; PRAGMA journal_mode = wal;
		CREATE TABLE t (x); INSERT INTO t SELECT hex(randomblob(5000))`, pageSize))
	must(t, err)
	wal, err := os.ReadFile(path + "-wal")
	must(t, err)
	if len(wal) < 5000 {
		t.Fatalf("the WAL has %d bytes", len(wal))
	}
	return wal
}
