package repo

import (
	"context"
	"runtime"
)

// turns is how many readers may look for a page at a time: one processor remains for measuring and
// recording. A few readers of long ranges would otherwise keep a writer waiting that shares the
// machine with them: Go knows no priorities.
type turns chan struct{}

func newTurns() turns { return make(turns, max(runtime.GOMAXPROCS(0)-1, 1)) }

// page reads a page when it is its turn. It is never the turn of somebody who does something else
// meanwhile.
func (t turns) page(ctx context.Context, read func() ([]Bucket, error)) ([]Bucket, error) {
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-t }()
	return read()
}
