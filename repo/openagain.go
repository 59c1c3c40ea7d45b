package repo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// tryAgain opens the file after a try has failed, if there is hope, or returns why there is none.
// What looks damaged is looked at while there is no other writer, and moved aside if it is: a file
// that is not in use for writing is read without locks at first, and what somebody then begins to
// write looks like damage.
func (o *opening) tryAgain(ctx context.Context, failed error) (*Writer, error) {
	if errors.Is(failed, disk.ErrReplaced) {
		if err := disk.Create(o.path); err != nil {
			return nil, err
		}
		return o.try(ctx)
	}
	if errors.Is(failed, disk.ErrIndex) {
		return o.withoutIndex(ctx)
	}
	if errors.Is(failed, errArriving) || !IsDamage(sqlite.Classify(ctx, failed)) ||
		!disk.MayQuarantine(o.path, o.lock) {
		return nil, failed
	}
	if !o.alone {
		if err := o.becomeAlone(ctx); err != nil {
			return o.withOthers(ctx, cannotMove(failed, err))
		}
		var w *Writer
		if w, failed = o.open(ctx); failed == nil {
			return w, nil
		}
	}
	if damage := sqlite.Classify(ctx, failed); IsDamage(damage) && !errors.Is(failed, disk.ErrIndex) {
		if err := o.moveAside(damage); err != nil {
			return nil, err
		}
		return o.try(ctx)
	}
	return nil, failed
}

// becomeAlone takes the lock alone. Without success there is none.
func (o *opening) becomeAlone(ctx context.Context) error {
	if o.lock.None() {
		if err := o.makeLock(ctx); err != nil || o.alone {
			return err
		}
	}
	err := o.lock.TryOwn()
	o.alone = err == nil
	return err
}

// withOthers goes on where another process has a damaged file open for writing: it may have been
// the first to move that aside, and have made a new one.
func (o *opening) withOthers(ctx context.Context, failed error) (*Writer, error) {
	if err := o.lock.Share(ctx); err != nil {
		return nil, errors.Join(failed, err)
	}
	if now, err := os.Lstat(o.path); err != nil || os.SameFile(now, o.file) {
		return nil, failed
	}
	return o.open(ctx)
}

func (o *opening) moveAside(damage error) error {
	if err := o.arriving(damage); err != nil {
		return err
	}
	o.lock.Note(disk.MarkOf(o.path, o.file)) // for the next process, which may find it half moved
	moved, err := quarantine(o.path, o.file, damage)
	if moved != nil {
		o.moved = moved
		o.findings.Rebuilt, o.findings.MendedSchema = nil, ""
		o.lock.Note(disk.Mark{}) // which was of the file that has gone
	}
	return err
}

// withoutIndex opens a file whose index could not be read. Where no other writer has it open, the
// index goes: the card may have worn out where it lies.
func (o *opening) withoutIndex(ctx context.Context) (*Writer, error) {
	if o.alone || o.lock.TryOwn() == nil {
		if err := disk.DropIndex(o.path); err != nil {
			return nil, err
		}
	}
	return o.try(ctx)
}

// settleTime is how long a file that somebody has put at a path must have stood still before damage
// to it counts: until then it may be a copy that is not complete.
const settleTime = 5 * time.Second

// errArriving says that a damaged file may be half of a copy.
var errArriving = fmt.Errorf("and stays there until it has been unchanged for %s: "+
	"somebody may still be copying it", settleTime)

// arriving refuses to move a damaged file aside which no writer has had open, and which was changed
// a moment ago. Damage to any other one counts at once: it returns nil.
func (o *opening) arriving(damage error) error {
	if last, _ := o.lock.Mark(); last.IsOf(o.file) {
		return nil
	}
	now, err := os.Stat(o.path)
	if err != nil {
		return err
	}
	age := time.Since(now.ModTime())
	// a file may be of the future, where the clock was set back
	if now.Size() == 0 || age < 0 || age > settleTime {
		return nil
	}
	return fmt.Errorf("%w, %w", damage, errArriving)
}
