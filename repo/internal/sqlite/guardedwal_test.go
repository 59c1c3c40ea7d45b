package sqlite

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// connect opens a file as a writer does, until the test ends.
func connect(t *testing.T, path string) *sql.Conn {
	t.Helper()
	err := disk.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := OpenPool(path, WriterDSN(path, "NORMAL"), SetUpWriter(new(seal.Log)))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), pool.Close()); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func exec(t *testing.T, conn *sql.Conn, script string) {
	t.Helper()
	if _, err := conn.ExecContext(t.Context(), script); err != nil {
		t.Fatal(err)
	}
}

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
			conn := connect(t, path)
			exec(t, conn, "PRAGMA cache_size = 10; PRAGMA cache_spill = 10")
			err := Immediately(t.Context(), conn, func() error {
				_, err := conn.ExecContext(t.Context(), `
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
			if _, _, err := CopyWAL(t.Context(), conn); err != nil {
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
	conn := connect(t, path)
	exec(t, conn, "PRAGMA cache_size = 10; PRAGMA cache_spill = 10; CREATE TABLE large (x TEXT)")
	fill := `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO large SELECT '%s' || hex(randomblob(50)) FROM n`
	want := int64(0)
	for _, rows := range []int64{1, 3000, 10, 9000} {
		failed := errors.New("rolled back")
		err := Immediately(t.Context(), conn, func() error {
			exec(t, conn, fmt.Sprintf(fill, 5000, "lost"))
			return failed
		})
		if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		exec(t, conn, fmt.Sprintf(fill, rows, "kept"))
		want += rows
		if got := filetest.Int(t, path, "SELECT count(*) FROM large WHERE x LIKE 'kept%'"); got != want {
			t.Errorf("another connection reads %d rows, want %d", got, want)
		}
	}
	if got := filetest.Int(t, path, "SELECT count(*) FROM large"); got != want {
		t.Errorf("%d rows, want %d", got, want)
	}
}

// A machine of the other byte order makes the sums of a WAL from words of that order. Its frames
// are no damage.
func TestWALOfAnotherByteOrder(t *testing.T) {
	path := filetest.Path(t)
	conn := connect(t, path)
	exec(t, conn, `CREATE TABLE large (x INTEGER);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
		INSERT INTO large SELECT i FROM n`)
	copied := filepath.Join(t.TempDir(), "history.db")
	if err := filetest.CopyOpen(path, copied); err != nil {
		t.Fatal(err)
	}
	turn(t, copied+"-wal")
	wal, err := os.Open(copied + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	defer wal.Close()
	if lost, err := disk.LostFrames(wal, disk.PageSize); lost != 0 || err != nil {
		t.Errorf("%d frames are lost, %v", lost, err)
	}
	if _, _, err := CopyWAL(t.Context(), connect(t, copied)); err != nil {
		t.Error(err)
	}
	if got := filetest.Int(t, copied, "SELECT count(*) FROM large"); got != 1000 {
		t.Errorf("%d rows, want 1000", got)
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
	const frame = sqlitefile.FrameHeaderBytes + disk.PageSize
	for at := sqlitefile.WALHeaderBytes; at+frame <= len(wal); at += frame {
		sum.Add(wal[at:][:8])
		sum.Add(wal[at+sqlitefile.FrameHeaderBytes:][:disk.PageSize])
		seal(at + 16)
	}
	if err := os.WriteFile(path, wal, 0o600); err != nil {
		t.Fatal(err)
	}
}
