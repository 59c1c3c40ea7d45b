package repo

import (
	"context"
	"fmt"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

const (
	// vacuumPages bounds a step of Vacuum.
	vacuumPages = 512

	// vacuumShare bounds it to a part of a WAL that is small: each page freed is one written, and
	// another one for its place.
	vacuumShare = 4

	// A file keeps a tenth of its pages free, and 128 KiB in any case: what is deleted each minute
	// makes room for what is recorded the next, and giving the room away in between would write
	// every page twice.
	freeShare    = 10
	minFreeBytes = 128 << 10
)

// Vacuum gives a bounded number of free pages back to the file system, if there are more than the
// file needs for what is coming. It returns how many pages shorter the file is, and whether there
// is more to give. A file to which somebody has given another auto_vacuum than incremental gives
// nothing back here.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) Vacuum(ctx context.Context) (freed int64, more bool, err error) {
	if err := w.shareAgain(ctx); err != nil {
		return 0, false, sqlite.Failure(ctx, "vacuum", w.path, err)
	}
	before, surplus, err := w.surplus(ctx)
	if err != nil || surplus == 0 {
		return 0, false, sqlite.Failure(ctx, "vacuum", w.path, err)
	}
	// One page a row: the statement has to be stepped to its end.
	statement := fmt.Sprintf("PRAGMA incremental_vacuum(%d)",
		min(surplus, vacuumPages, w.checkpointPages()/vacuumShare))
	if err := sqlite.Drain(ctx, w.conn, statement); err != nil {
		return 0, false, sqlite.Failure(ctx, "vacuum", w.path, err)
	}
	after, surplus, err := w.surplus(ctx)
	if err != nil {
		return 0, false, sqlite.Failure(ctx, "vacuum", w.path, err)
	}
	// another process may have made it longer meanwhile
	freed = int64(max(before.total-after.total, 0))
	return freed, freed > 0 && surplus > 0, nil
}

// surplus is how many free pages a step of Vacuum may give back: those beyond what the file keeps
// or, where that is more, those by which it is longer than its size cap allows.
func (w *Writer) surplus(ctx context.Context) (pages, int, error) {
	file, err := readPages(ctx, w.conn)
	if err != nil {
		return pages{}, 0, err
	}
	excess, err := w.excess(ctx)
	return file, max(file.surplus(w.pageSize), min(file.free, excess)), err
}

// pages is how many pages a file has.
type pages struct{ total, free int }

func readPages(ctx context.Context, q sqlite.Queryer) (pages, error) {
	free, err := sqlite.PragmaInt(ctx, q, "freelist_count")
	if err != nil {
		return pages{}, err
	}
	total, err := sqlite.PragmaInt(ctx, q, "page_count")
	return pages{total: total, free: free}, err
}

// surplus is how many pages are free beyond what the file keeps.
func (p pages) surplus(pageSize int64) int {
	return max(p.free-max(p.total/freeShare, int(minFreeBytes/pageSize)), 0)
}
