package repo

import (
	"context"
	"fmt"
	"time"
)

// ReadLimit is how long a view of the file may be open. While one is, SQLite can not begin the WAL anew, which grows with
// whatever is written: a reader that never finishes would fill the disk. A minute is enough to read a hundred million rows, and
// little for what a writer puts into the WAL meanwhile.
const ReadLimit = time.Minute

// ErrReadTooLong says that a view has been open for ReadLimit, and has ended.
var ErrReadTooLong = fmt.Errorf("the reading took longer than %s: ask for a shorter range", ReadLimit)

// readTime ends the context of a view when its time is over. database/sql then rolls the transaction back and takes the
// connection back, also while whoever reads does something else.
type readTime struct {
	ctx    context.Context //nolint:containedctx // of the view, whose questions come one by one
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func newReadTime(ctx context.Context) *readTime {
	ctx, cancel := context.WithCancelCause(ctx)
	return &readTime{ctx: ctx, cancel: cancel}
}

// begin starts the time. What was spent on waiting for a connection is not the reader's own.
func (r *readTime) begin() {
	r.timer = time.AfterFunc(ReadLimit, func() { r.cancel(ErrReadTooLong) })
}

func (r *readTime) end() {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.cancel(context.Canceled)
}
