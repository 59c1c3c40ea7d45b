package service

import (
	"errors"
	"log/slog"
)

// report takes note of how an operation has ended.
func (l *loop) report(op operation, err error) { l.trouble.report(l.log, op, err) }

// errOther stands for every failure that has no kind of its own.
var errOther = errors.New("other")

// kindOf returns what a failure is told from others by, nil for none.
func kindOf(err error) error {
	if err == nil {
		return nil
	}
	for _, kind := range []error{ErrDiskFull, ErrBusy, ErrDamaged} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return errOther
}

// trouble is what fails at present. It logs when something begins to fail, and when it has succeeded again, and nothing in
// between: a disk that stays full for a week would fill up with the log of it.
type trouble struct {
	kinds [operations]error
}

// names are the operations, as the log calls them.
var names = [operations]string{committing: "commit", checkpointing: "checkpoint", maintaining: "maintenance"}

// report takes note of how an operation has ended.
func (t *trouble) report(log *slog.Logger, op operation, err error) {
	was, wasFull, is := t.kinds[op], t.full(), kindOf(err)
	t.kinds[op] = is
	switch {
	case is == was: //nolint:errorlint // kinds, not errors that may be wrapped
	case is == ErrDiskFull: //nolint:errorlint // a kind, not an error that may be wrapped
		if !wasFull {
			log.Error("no room left to write, recorded samples wait in memory, the newest if not all can", "err", err)
		}
	case is != nil:
		log.Error("what is recorded or due waits: an operation failed", "operation", names[op], "err", err)
	case was == ErrDiskFull: //nolint:errorlint // see above
		if !t.full() {
			log.Info("there is room to write again")
		}
	default:
		log.Info("the operation succeeds again", "operation", names[op])
	}
}

// full says that some operation has found no room the last time.
func (t *trouble) full() bool {
	for _, kind := range t.kinds {
		if kind == ErrDiskFull { //nolint:errorlint // see above
			return true
		}
	}
	return false
}
