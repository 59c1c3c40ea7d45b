package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// oldFile is the file that is rebuilt, on a connection that is open from beginning to end: so
// nobody else is the last to close it meanwhile.
type oldFile struct {
	path     string
	pool     *sql.DB
	conn     *sql.Conn
	version  int
	pages    pages
	pageSize int
}

// defineFunctions defines what the generated queries call.
func defineFunctions(c *sqlite3.Conn) error { return functions.Define(c, new(seal.Log)) }

func openOld(ctx context.Context, path string) (*oldFile, error) {
	if err := registerWriterVFS(); err != nil {
		return nil, err
	}
	name := dsn(path, "rw", writerVFSName, "journal_mode(wal)", "wal_autocheckpoint(0)",
		fmt.Sprintf("cache_size(-%d)", cacheKiB))
	pool, err := openPool(path, name, func(c *sqlite3.Conn) error {
		return errors.Join(leaveWAL(c, true), defineFunctions(c))
	})
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	f := &oldFile{path: path, pool: pool}
	if f.conn, err = pool.Conn(ctx); err == nil {
		err = f.look(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, f.close(true))
	}
	return f, nil
}

func (f *oldFile) look(ctx context.Context) error {
	id, err := identify(ctx, f.conn)
	if err != nil {
		return err
	}
	if err := id.check(); err != nil {
		return err
	}
	f.version = id.version()
	if f.pageSize, err = pragmaInt(ctx, f.conn, "main.page_size"); err != nil {
		return err
	}
	f.pages, err = readPages(ctx, f.conn)
	return err
}

// checkRoom wants room for a new file, and for as much in the WAL of the old one. Rows have become
// longer by their check values: by a sixth at most.
func (f *oldFile) checkRoom() error {
	const mebi = 1 << 20
	used := int64(f.pages.total-f.pages.free) * int64(f.pageSize)
	need := used*5/2 + mebi
	free, known := disk.FreeBytes(filepath.Dir(f.path))
	if !known || free >= need {
		return nil
	}
	return fmt.Errorf("%w: for a while this takes %d MiB beside the file, and %d MiB are missing",
		ErrDiskFull, need/mebi, (need-free+mebi-1)/mebi)
}

// settle takes the WAL into the file. A process that opened that before it is done would take it
// for one with checksums.
func (f *oldFile) settle() error {
	err := rawConn(f.conn, func(c *sqlite3.Conn) error {
		_, _, err := c.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
		return err
	})
	if errors.Is(err, sqlite3.BUSY) {
		return busy("somebody is reading the file as it was, try later", err)
	}
	return err
}

// close closes the file. A damaged one stays as it was found.
func (f *oldFile) close(damaged bool) error {
	var err error
	if f.conn != nil {
		err = rawConn(f.conn, func(c *sqlite3.Conn) error { return leaveWAL(c, damaged) })
		err = errors.Join(err, f.conn.Close())
	}
	return errors.Join(err, f.pool.Close())
}
