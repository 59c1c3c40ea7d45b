package service

import (
	"errors"
	"slices"

	"github.com/wanstore/wanstore/repo"
)

// operation is a kind of writing whose last outcome counts by itself: an idle pass says nothing
// about whether a commit would find room.
type operation int

const (
	committing operation = iota
	checkpointing
	maintaining
	operations = iota
)

// operationNames are the operations as the log calls them.
var operationNames = [operations]string{committing: "commit", checkpointing: "checkpoint",
	maintaining: "maintenance"}

// trouble is what a failure is told from others by.
type trouble uint8

const (
	noTrouble trouble = iota
	diskFull
	fileBusy
	fileDamaged
	otherName
	mountGone
	otherTrouble
)

func troubleOf(err error) trouble {
	switch {
	case err == nil:
		return noTrouble
	case errors.Is(err, ErrMountGone):
		return mountGone
	case errors.Is(err, ErrDiskFull):
		return diskFull
	case errors.Is(err, ErrBusy):
		return fileBusy
	case errors.Is(err, ErrOtherName):
		return otherName
	case repo.IsDamage(err):
		return fileDamaged
	default:
		return otherTrouble
	}
}

// troubles are those of the operations, each of the last time. Health and the log go by them.
type troubles [operations]trouble

func (t troubles) have(one trouble) bool { return slices.Contains(t[:], one) }

// outcome takes note of how an operation has ended, and goes on in a new file if this one is
// damaged.
func (l *loop) outcome(op operation, err error) {
	l.note(op, err)
	if err != nil {
		l.mend(err)
	}
}

// note records how an operation has ended. It logs when something begins to fail, and when it has
// succeeded again, and nothing in between: a disk that stays full for a week would fill up with its
// log.
func (l *loop) note(op operation, err error) {
	before, now := l.stats.ended(op, err)
	was, is := before[op], now[op]
	switch {
	case is == was:
	case is == diskFull:
		if !before.have(diskFull) {
			l.log.Error("no room left to write, recorded samples wait in memory, the newest if not all can",
				"err", err)
		}
	case is != noTrouble:
		l.log.Error("what is recorded or due waits: an operation failed", "operation", operationNames[op],
			"err", err)
	case was == diskFull:
		if !now.have(diskFull) {
			l.log.Info("there is room to write again")
		}
	default:
		l.log.Info("the operation succeeds again", "operation", operationNames[op])
	}
}
