package repo

import (
	"context"
	"errors"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// What keeps the WAL short: checkpoints copy it, and restarts begin it again. Its size decides when
// either is due, when commits wait, and how long readers may take.
const (
	// pinnedLimits is how many times the size at which a checkpoint is due the WAL may reach before
	// it has to restart.
	pinnedLimits = 4

	// CrowdedWAL is four times what a writer lets the WAL grow to before it holds commits back, in
	// bytes.
	CrowdedWAL = 64 << 20

	// walShare of the size cap is the WAL's, if that is less than what it has without a cap.
	walShare = 8
)

// WALBytes is the size of the WAL file, 0 where there is none.
func (w *Writer) WALBytes() int64 { return disk.Size(w.path + "-wal") }

// WALPages is how many pages the WAL had after the last commit of this writer.
func (w *Writer) WALPages() int { return w.walPages }

// watchWAL learns with each commit how long the WAL is.
func (w *Writer) watchWAL() error { return sqlite.WatchWAL(w.conn, w.committed) }

// committed learns from each commit how long the WAL has become. Another program may have reset it,
// too: what was put off because a reader held it is put off no longer.
func (w *Writer) committed(walPages int) {
	written := walPages - w.walPages
	if written <= 0 {
		written = walPages
		w.checkpointAt = w.checkpointPages()
	}
	w.largest = max(w.largest, written)
	w.walPages = walPages
}

// walLimit is the size that the WAL is cut back to when it restarts: what this writer may have.
func (w *Writer) walLimit() int64 {
	if w.sizeCap == 0 {
		return sqlite.WALLimit
	}
	return min(sqlite.WALLimit, w.sizeCap/walShare)
}

// checkpointPages is the size of the WAL from which a checkpoint is due.
func (w *Writer) checkpointPages() int { return int(w.walLimit() / w.pageSize) }

// CheckpointDue says that the WAL has grown to the size at which it should be copied into the file.
func (w *Writer) CheckpointDue() bool { return w.walPages >= w.checkpointAt }

// Checkpoint copies the WAL into the file as far as no reader holds it, and syncs both. It never
// waits for a reader.
//
// Errors: ErrMountGone, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) Checkpoint(ctx context.Context) error {
	var pages, copied int
	err := w.copyWAL(ctx, func() (err error) {
		pages, copied, err = sqlite.CopyWAL(ctx, w.conn)
		return err
	})
	if err != nil {
		return sqlite.Failure(ctx, "checkpoint", w.path, err)
	}
	w.checkpointAt = w.checkpointPages()
	if copied < pages {
		// a reader holds it: trying again at every commit would sync each time for nothing
		w.checkpointAt += pages
	}
	return nil
}

// copyWAL runs a checkpoint, and looks at the index before and after it: from one that lacks a part
// SQLite would take it that all was copied, and reset a WAL that still has the only copy. After
// disk.ErrIndex the index is made again.
func (w *Writer) copyWAL(ctx context.Context, checkpoint func() error) error {
	if err := w.missing(); err != nil {
		return err
	}
	if err := errors.Join(w.shareAgain(ctx), sqlite.CheckIndex(w.conn)); err != nil {
		return err
	}
	err := checkpoint()
	return errors.Join(err, sqlite.CheckIndex(w.conn))
}

// WALPagesLimit is the length of the WAL, in pages, at which commits should wait until it can
// restart: 16 MiB, or what the size cap leaves it. A checkpoint is due well before, so a WAL that
// gets as long as this is held by readers.
func (w *Writer) WALPagesLimit() int {
	pages := pinnedLimits * w.checkpointPages()
	if w.sizeCap == 0 {
		return pages
	}
	return min(pages, int(CrowdedWALUnder(w.sizeCap)/sqlitefile.FrameBytes(w.pageSize)))
}

// Restart does what Checkpoint does, and says whether the next commit restarts the WAL. That takes
// an instant at which no reader has a view that is older than the last commit, and then one at
// which none has a view that needs the WAL at all: a reader which begins when all of the WAL has
// been copied does not. Nothing may be committed in between. It never waits.
//
// Errors: ErrMountGone, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) Restart(ctx context.Context) (bool, error) {
	err := w.copyWAL(ctx, func() error { return sqlite.RestartWAL(w.conn) })
	if sqlite.IsBusy(err) {
		return false, nil
	}
	if err != nil {
		return false, sqlite.Failure(ctx, "restart the WAL of", w.path, err)
	}
	w.walPages, w.checkpointAt = 0, w.checkpointPages()
	return true, nil
}

// takeWAL copies the WAL into a file that has been renamed, and leaves nothing in it: it has kept
// its own name, and would be left behind. Nobody can have opened the file that it seems to belong
// to, since there is none. Where a reader holds it, what it has stays in it.
func (w *Writer) takeWAL() { _ = sqlite.TruncateWAL(w.conn) }

// CrowdedWALUnder is the size of the WAL, in bytes, from which on it takes room that a size cap
// does not leave it: commits are to be held back until it can restart, and readers are to end soon.
// Without a cap, 0, it is CrowdedWAL, and commits are held back earlier: see WALPagesLimit.
func CrowdedWALUnder(sizeCap int64) int64 {
	if sizeCap == 0 {
		return CrowdedWAL
	}
	return min(sqlite.WALLimit, sizeCap/walShare) + stepReserve(sizeCap)
}
