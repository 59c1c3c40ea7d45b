package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

const (
	// rebuildSuffix makes the name of the new file, for as long as it is being filled. One that is
	// found was left by a process that was killed.
	rebuildSuffix = ".rebuild"

	// pourBytes is how much goes into the old file between two looks at the context.
	pourBytes = 1 << 20
)

// newFile is the file that the rows are copied into, attached to the connection of the old one as
// rebuilt. It is never synced: it is thrown away in any case.
type newFile struct {
	path string
	old  *oldFile
}

// create makes the file with its tables. Its pages have the size of those of the old file, whose
// WAL would not take others.
func (n newFile) create(ctx context.Context) error {
	pool, err := n.make(ctx, n.old.pageSize)
	if err != nil {
		return err
	}
	return pool.Close()
}

// make makes the file with its tables, which only this user may read, and opens it.
func (n newFile) make(ctx context.Context, pageSize int) (*sql.DB, error) {
	if err := n.remove(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(n.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return nil, err
	}
	name := sqlite.EditDSN(n.path, "journal_mode(off)", "synchronous(off)",
		fmt.Sprintf("page_size(%d)", pageSize), "auto_vacuum(incremental)")
	pool, err := sqlite.OpenPool(n.path, name, SetUp)
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err == nil {
		err = makeTables(ctx, conn)
		if err == nil {
			err = db.New(conn).SetClock(ctx, db.SetClockParams{})
		}
		err = errors.Join(err, conn.Close())
	}
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return pool, nil
}

func (n newFile) remove() error {
	if err := os.Remove(n.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (n newFile) attach(ctx context.Context) error {
	conn := n.old.conn
	name := sqlite.EditDSN(n.path)
	if _, err := conn.ExecContext(ctx, "ATTACH ? AS rebuilt", name); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA rebuilt.journal_mode = off; "+
		"PRAGMA rebuilt.synchronous = off; PRAGMA rebuilt.cache_size = -%d", sqlite.CacheKiB))
	return err
}

// fill copies the history, in one view of the old file, and looks whether the result is sound.
func (n newFile) fill(ctx context.Context, steps *steps) (rebuilt *Rebuilt, err error) {
	conn := n.old.conn
	if err := n.attach(ctx); err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return nil, err
	}
	if rebuilt, err = copyHistory(ctx, conn, n.old.version, steps); err != nil {
		return nil, sqlite.Undo(ctx, conn, err)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return nil, sqlite.Undo(ctx, conn, err)
	}
	var finding string
	err = conn.QueryRowContext(ctx, "PRAGMA rebuilt.integrity_check(1)").Scan(&finding)
	if err != nil {
		return nil, err
	}
	if finding != "ok" { // which is no damage of the old file
		return nil, fmt.Errorf("the integrity check of the new file says: %s", finding)
	}
	return rebuilt, nil
}

// pour writes all pages into the old file, in one transaction, unless somebody has committed
// something since the number of the commits of others was asked for.
func (n newFile) pour(ctx context.Context, commits int, steps *steps) error {
	return sqlite.Pour(ctx, n.old.conn, sqlite.Pouring{
		From: "rebuilt",
		To: sqlite.EditDSN(n.old.path, "synchronous(full)",
			fmt.Sprintf("cache_size(-%d)", sqlite.CacheKiB)),
		Pages: pourBytes / n.old.pageSize,
		Allow: func(now int) error {
			if now != commits {
				return busy("another program has written to the file meanwhile, try again", nil)
			}
			return nil
		},
		Tell: steps.poured,
	})
}
