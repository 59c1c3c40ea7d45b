package repo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// A transaction that is larger than the page cache may write pages to the WAL before it ends, read
// them there, and write them again in their places, where the sums of their frames are those of
// before. That is no damage, in whatever size the pages are. A writer has it do so beyond some MiB
// only, for the sake of speed.
func TestTransactionLargerThanTheCache(t *testing.T) {
	for _, size := range []int{512, 4096, 65536} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			path := filetest.Path(t)
			filetest.Exec(t, path,
				fmt.Sprintf("PRAGMA page_size = %d; PRAGMA auto_vacuum = incremental; VACUUM", size))
			w, err := OpenWriter(t.Context(), path, SynchronousNormal)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.conn.ExecContext(t.Context(), "PRAGMA cache_size = 10; PRAGMA cache_spill = 10")
			if err != nil {
				t.Fatal(err)
			}
			err = immediately(t.Context(), w.conn, func() error {
				_, err := w.conn.ExecContext(t.Context(), `
					CREATE TABLE large (id INTEGER PRIMARY KEY, x TEXT);
					WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
					INSERT INTO large SELECT i * 7919 % 40009, hex(randomblob(50)) FROM n;
					UPDATE large SET x = 'y' || substr(x, 2);
					DELETE FROM large WHERE id % 3 = 0`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Checkpoint(t.Context()); err != nil {
				t.Error(err)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if got := filetest.Int(t, path, "SELECT count(*) FROM large WHERE x LIKE 'y%'"); got < 26_000 {
				t.Errorf("%d rows", got)
			}
		})
	}
}

// A transaction that is rolled back after it has written to the WAL leaves nothing behind, whether
// the next one is shorter than it or longer.
func TestLargeTransactionRolledBack(t *testing.T) {
	path := filetest.Path(t)
	w, err := OpenWriter(t.Context(), path, SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string) {
		t.Helper()
		if _, err := w.conn.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	exec("PRAGMA cache_size = 10; PRAGMA cache_spill = 10; CREATE TABLE large (x TEXT)")
	fill := `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO large SELECT '%s' || hex(randomblob(50)) FROM n`
	want := int64(0)
	for _, rows := range []int64{1, 3000, 10, 9000} {
		failed := errors.New("rolled back")
		err := immediately(t.Context(), w.conn, func() error {
			exec(fmt.Sprintf(fill, 5000, "lost"))
			return failed
		})
		if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		exec(fmt.Sprintf(fill, rows, "kept"))
		want += rows
		if got := filetest.Int(t, path, "SELECT count(*) FROM large WHERE x LIKE 'kept%'"); got != want {
			t.Errorf("another connection reads %d rows, want %d", got, want)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := filetest.Int(t, path, "SELECT count(*) FROM large"); got != want {
		t.Errorf("%d rows, want %d", got, want)
	}
}

// A machine of the other byte order makes the sums of a WAL from words of that order. Its frames
// are no damage.
func TestWALOfAnotherByteOrder(t *testing.T) {
	path := filetest.Path(t)
	w, err := OpenWriter(t.Context(), path, SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	batch := Batch{Latest: math.MaxInt64}
	series := &Series{Key: Key{MetricName: "rtt", WANName: "wan", Labels: "{}"}}
	for i := range 1000 {
		batch.Samples = append(batch.Samples, Sample{Series: series, TS: Micros(i), Value: 1})
	}
	if err := w.Append(t.Context(), batch, make([]Outcome, len(batch.Samples))); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "history.db")
	if err := filetest.CopyOpen(path, copied); err != nil {
		t.Fatal(err)
	}
	turn(t, copied+"-wal")
	other, err := OpenWriter(t.Context(), copied, SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	if found := other.Findings(); found != (Findings{}) {
		t.Errorf("found %+v", found)
	}
	if err := other.Checkpoint(t.Context()); err != nil {
		t.Error(err)
	}
	if got := filetest.Int(t, copied, "SELECT count(*) FROM metrics"); got != 1000 {
		t.Errorf("%d samples, want 1000", got)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}

// turn makes the sums of a WAL those that a machine of the other byte order makes.
func turn(t *testing.T, path string) {
	t.Helper()
	wal, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint32(wal, binary.BigEndian.Uint32(wal)^1)
	sum := sqlitefile.Sum{BigEndian: wal[3]&1 != 0}
	seal := func(at int) {
		binary.BigEndian.PutUint32(wal[at:], sum.S1)
		binary.BigEndian.PutUint32(wal[at+4:], sum.S2)
	}
	sum.Add(wal[:24])
	seal(24)
	const frame = frameHeaderBytes + disk.PageSize
	for at := walHeaderBytes; at+frame <= len(wal); at += frame {
		sum.Add(wal[at:][:8])
		sum.Add(wal[at+frameHeaderBytes:][:disk.PageSize])
		seal(at + 16)
	}
	if err := os.WriteFile(path, wal, 0o600); err != nil {
		t.Fatal(err)
	}
}
