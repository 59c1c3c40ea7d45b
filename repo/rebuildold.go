package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
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

func openOld(ctx context.Context, path string) (*oldFile, error) {
	name := sqlite.EditDSN(path, "journal_mode(wal)", "wal_autocheckpoint(0)",
		fmt.Sprintf("cache_size(-%d)", sqlite.CacheKiB))
	pool, err := sqlite.OpenPool(path, name, sqlite.SetUpOld)
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
	if f.pageSize, err = sqlite.PragmaInt(ctx, f.conn, "main.page_size"); err != nil {
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
	err := sqlite.TruncateWAL(f.conn)
	if sqlite.IsBusy(err) {
		return busy("somebody is reading the file as it was, try later", err)
	}
	return err
}

// close closes the file. A damaged one stays as it was found.
func (f *oldFile) close(damaged bool) error {
	var err error
	if f.conn != nil {
		err = sqlite.LeaveWALAtEnd(f.conn, damaged)
		err = errors.Join(err, f.conn.Close())
	}
	return errors.Join(err, f.pool.Close())
}
