package repo

import (
	"context"
	"errors"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// Renew lets go of a file that is damaged, for which damage says how, or that Lost has found to be
// away, or of a connection that has Ended, and opens the one that is at the path then: a damaged
// one is moved aside first. Everything that the writer knew of the old file is forgotten, the size
// cap holds on. After a failure the writer has the file that it had or none at all, which Lost
// tells apart; with none, everything fails until it has been renewed.
//
// Errors: ErrMountGone, and the file is closed then; ErrDamaged when another process has the file
// open for writing, which then stays where it is; and those of OpenWriter.
func (w *Writer) Renew(ctx context.Context, damage error) error {
	w.failed = w.renew(ctx, damage)
	return sqlite.Failure(ctx, "renew", w.path, w.failed)
}

func (w *Writer) renew(ctx context.Context, damage error) error {
	if err := w.letGoOrAbandon(damage); err != nil {
		return err
	}
	next, err := openWriter(ctx, w.path, w.synchronous, nil)
	if err != nil {
		return err
	}
	if next.findings.Quarantine == nil {
		next.findings.Quarantine = w.moved
		next.doubted = w.doubted && w.moved == nil
	}
	return w.become(ctx, next)
}

// letGoOrAbandon makes room for the file that is at the path, or returns ErrMountGone where none
// may be made there.
func (w *Writer) letGoOrAbandon(damage error) error {
	if w.unmounted() {
		return errors.Join(ErrMountGone, w.abandon())
	}
	if err := w.letGo(damage); err != nil {
		return err
	}
	if w.unmounted() { // meanwhile: a medium that was pulled out looks damaged before that
		return ErrMountGone
	}
	return nil
}

// letGo closes the file. If it is damaged and in its place, the next process to open it looks at it
// again, and moves it aside if it is damaged still; damage that this does not find is believed the
// second time.
func (w *Writer) letGo(damage error) (err error) {
	if w.gone {
		return nil // that was done before
	}
	if errors.Is(damage, disk.ErrIndex) {
		return w.letGoOfIndex()
	}
	damaged := IsDamage(damage) && !w.Lost()
	if damaged {
		if err := w.lock.TryOwn(); err != nil {
			w.unshared = true
			return cannotMove(sqlite.Bare(damage), err)
		}
	}
	if !damaged && w.renamed() {
		w.takeWAL()
	}
	_ = w.close() // what the end of such a file says adds nothing
	w.gone = true
	if damaged && w.doubted {
		if w.moved, err = quarantine(w.path, w.file, sqlite.Bare(damage)); w.moved != nil {
			w.lock.Note(disk.Mark{})
		}
	}
	if damaged && !w.doubted {
		w.doubted = true
		err = disk.DropIndex(w.path)
	}
	return errors.Join(err, w.unlock())
}

// letGoOfIndex closes a file whose index cannot be read: it is sound, and another process may have
// it open.
func (w *Writer) letGoOfIndex() error {
	_ = w.close()
	w.gone = true
	return errors.Join(disk.BeheadIndex(w.path), w.unlock())
}

// abandon closes a file whose mount is gone, which lets that go, too. It leaves the WAL as it is:
// the file may be in use at another place by now.
func (w *Writer) abandon() error {
	if w.gone {
		return nil
	}
	w.gone = true
	_ = w.close() // a medium that was pulled out says what it likes
	return w.unlock()
}

// become takes over what another writer has opened.
func (w *Writer) become(ctx context.Context, next *Writer) error {
	if w.sizeCap != 0 {
		if err := next.CapSize(ctx, w.sizeCap); err != nil {
			return errors.Join(err, next.Close())
		}
	}
	*w = *next
	return w.watchWAL()
}
