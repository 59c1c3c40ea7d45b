package repo

import (
	"context"
	"errors"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// maxReaders bounds the connections of a Reader: an idle one holds 0.2 MB, one that has scanned a
// few more.
const maxReaders = 4

// Reader reads a history file through a read-only pool, while others may be writing it. It is safe
// for any number of goroutines.
type Reader struct {
	path string
	pool sqlite.Prepared
	q    *db.Queries // of the pool, to be closed

	turns   turns
	unsound *seal.Log // rows that were left out
	cache   seriesCache
	spare   sparePages
	crowded func() int64 // the size of the WAL from which on views end soon
}

// OpenReader opens the file at path for reading. It makes and changes nothing but, beside a
// history that nobody has open, SQLite's -wal and -shm. Where these cannot be made, on a read-only
// or full file system or in a directory of somebody else, it goes without: what is then read while
// the file is being written ends with ErrBusy.
//
// Errors: ErrNoPath, ErrMissing, ErrEmpty, ErrDirectory, ErrNotDatabase, ErrForeign, ErrIncomplete,
// ErrInterrupted, ErrTooNew, ErrOtherName, ErrDamaged, and those of the file system.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	r, err := openReader(ctx, path)
	if err != nil {
		return nil, sqlite.Failure(ctx, "open", path, err)
	}
	return r, nil
}

func openReader(ctx context.Context, path string) (*Reader, error) {
	if err := disk.CheckFile(path); err != nil {
		return nil, err
	}
	path, err := disk.RealPath(path)
	if err != nil {
		return nil, err
	}
	if err := disk.CheckName(path); err != nil {
		return nil, err
	}
	if err := disk.CheckWALAlone(path); err != nil {
		return nil, err
	}
	if err := disk.CheckHeader(path); err != nil {
		return nil, err
	}
	if err := disk.MakeCompanions(path, false); err != nil {
		return nil, err
	}
	log := new(seal.Log)
	pool, err := sqlite.OpenReaders(path, sqlite.ReaderDSN(path), sqlite.SetUpReader(log))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(maxReaders)
	pool.SetMaxIdleConns(maxReaders)
	if err := foreignWAL(path, recognise(ctx, pool)); err != nil {
		return nil, errors.Join(mendedByWriter(ctx, path, sqlite.ReadingError(path, err)), pool.Close())
	}
	statements := sqlite.NotePrepared(pool)
	q, err := prepare(ctx, statements)
	if err != nil {
		return nil, errors.Join(mendedByWriter(ctx, path, sqlite.ReadingError(path, err)), pool.Close())
	}
	return &Reader{path: path, pool: statements, q: q, turns: newTurns(), unsound: log,
		crowded: func() int64 { return CrowdedWAL }}, nil
}

// Close closes the file. It waits for snapshots that are open.
func (r *Reader) Close() error {
	err := errors.Join(r.q.Close(), r.pool.Close())
	return sqlite.Failure(context.Background(), "close", r.path, err)
}

// Path returns the absolute path of the file.
func (r *Reader) Path() string { return r.path }
