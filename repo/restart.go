package repo

import (
	"context"
	"errors"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// pinnedLimits is how many times the size at which a checkpoint is due the WAL may reach before it
// has to restart.
const pinnedLimits = 4

// WALPages is how many pages the WAL had after the last commit of this writer.
func (w *Writer) WALPages() int { return w.walPages }

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

// sqlite.CopyWAL runs a checkpoint, and looks at the index before and after it: from one that lacks
// a part SQLite would take it that all was copied, and reset a WAL that still has the only copy.
// After errIndex the index is made again.
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

// takeWAL copies the WAL into a file that has been renamed, and leaves nothing in it: it has kept
// its own name, and would be left behind. Nobody can have opened the file that it seems to belong
// to, since there is none. Where a reader holds it, what it has stays in it.
func (w *Writer) takeWAL() { _ = sqlite.TruncateWAL(w.conn) }
