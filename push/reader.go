package push

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/wanstore/wanstore/service"
)

// reader is the history file as a sender reads it, one view at a time: each connection takes a
// megabyte. It opens the file when it is first asked for, and again when another one has taken its
// place. It is safe for any number of goroutines.
type reader struct {
	path string
	// opened is called with the first view of a file.
	opened func(context.Context, *service.Snapshot) error

	turn    turn // of the one view
	history *service.History
	file    fs.FileInfo // what history reads
}

// view opens a view of the file for f, which must not ask for another one.
func (r *reader) view(ctx context.Context, f func(*service.Snapshot) error) error {
	if err := r.turn.take(ctx); err != nil {
		return err
	}
	defer r.turn.give()
	fresh, err := r.follow(ctx)
	if err != nil {
		return err
	}
	view, err := r.history.Snapshot(ctx)
	if err != nil {
		return errors.Join(err, r.forgetIf(fresh))
	}
	if fresh {
		err = r.opened(ctx, view)
	}
	if err != nil {
		return errors.Join(err, view.Close(), r.close())
	}
	return errors.Join(f(view), view.Close())
}

// follow opens the file at the path, if that is not the one that is open, and says whether it was.
func (r *reader) follow(ctx context.Context) (fresh bool, err error) {
	now, err := os.Stat(r.path)
	if err == nil && r.history != nil && os.SameFile(now, r.file) {
		return false, nil
	}
	if err := errors.Join(err, r.close()); err != nil {
		return false, err
	}
	r.history, err = service.OpenHistory(ctx, r.path)
	r.file = now
	return true, err
}

// forgetIf closes a file of which nothing has been read yet.
func (r *reader) forgetIf(fresh bool) error {
	if !fresh {
		return nil
	}
	return r.close()
}

// close closes the file. A second call does nothing.
func (r *reader) close() error {
	if r.history == nil {
		return nil
	}
	err := r.history.Close()
	r.history, r.file = nil, nil
	return err
}
