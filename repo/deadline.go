package repo

import (
	"context"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// While a view of the file is open, SQLite cannot restart the WAL, which grows with whatever is
// written: a reader that never finishes would fill the disk.
const (
	// ReadLimit is how long a view may be open: enough to read a hundred million rows, and little
	// for what a writer puts into the WAL meanwhile, if readers come one by one.
	ReadLimit = time.Minute

	// CrowdedReadLimit is how long a view may be open while the WAL is larger than CrowdedWAL:
	// readers that overlap have kept it from restarting for long then, and a writer that waits for
	// them can wait for so much.
	CrowdedReadLimit = 2 * time.Second
)

// ErrReadTooLong says that a view has been open for ReadLimit, or CrowdedReadLimit, and has ended.
var ErrReadTooLong = fmt.Errorf("the reading took longer than %s, or %s while the WAL is larger "+
	"than %d MiB or than a size cap "+
	"leaves it: ask for a shorter range", ReadLimit, CrowdedReadLimit, CrowdedWAL>>20)

// CrowdBy has views end after CrowdedReadLimit while the WAL is larger than crowded returns, in
// bytes, in place of CrowdedWAL: under a size cap it must not get as large. It is for before the
// first view, and crowded for any goroutine.
func (r *Reader) CrowdBy(crowded func() int64) { r.crowded = crowded }

// readTime ends the context of a view when its time is over. database/sql then rolls the
// transaction back and takes the connection back, also while the reader does something else.
type readTime struct {
	ctx    context.Context //nolint:containedctx // of the view, whose questions come one by one
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func newReadTime(ctx context.Context) *readTime {
	ctx, cancel := context.WithCancelCause(ctx)
	return &readTime{ctx: ctx, cancel: cancel}
}

// begin starts the time of a view of the file at path. What was spent on waiting for a connection
// is not the reader's own.
func (r *readTime) begin(path string, crowded func() int64) {
	end := time.Now().Add(ReadLimit)
	r.timer = time.AfterFunc(ReadLimit, func() {
		switch {
		case r.ctx.Err() != nil:
		case time.Now().Before(end) && disk.Size(path+"-wal") <= crowded():
			r.timer.Reset(min(CrowdedReadLimit, time.Until(end)))
		default:
			r.cancel(ErrReadTooLong)
		}
	})
	r.timer.Reset(CrowdedReadLimit)
}

func (r *readTime) end() {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.cancel(context.Canceled)
}
