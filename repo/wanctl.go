package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	wanctldb "github.com/wanstore/wanstore/db/wanctl"
	"github.com/wanstore/wanstore/repo/internal/disk"
)

var (
	// ErrNotWanctl says that a database has no table metrics as wanctl makes it.
	ErrNotWanctl = errors.New("this database was not made by wanctl")
	// ErrWanctlSlow says that a question to a database of wanctl was not answered in time.
	ErrWanctlSlow = fmt.Errorf("reading it took longer than %s at a time", ReadLimit)
	// ErrOpened says that somebody has begun to write a database that nobody was using.
	ErrOpened = errors.New("the database is being written now, and was not when it was opened")
)

// Wanctl is one consistent view of a database that wanctl has written, and may be writing. While it
// is open its WAL cannot restart. It is for one goroutine.
type Wanctl struct {
	path string
	pool *sql.DB
	tx   *sql.Tx
	q    *wanctldb.Queries
	rest fs.FileInfo // the file as it was, if nobody was using it

	limit time.Duration // of a question
}

// OpenWanctl opens a view of the database at path as it is now. It makes and changes nothing but,
// beside a WAL that somebody has left behind, SQLite's -shm.
//
// Errors: ErrNoPath, ErrMissing, ErrDirectory, ErrNotDatabase, ErrNotWanctl, ErrInterrupted,
// ErrBusy, ErrWanctlSlow, ErrDamaged, and those of the file system. Of all that is asked of the
// view: ErrWanctlSlow, ErrOpened, ErrDamaged, those of the file system, and that of ctx.
func OpenWanctl(ctx context.Context, path string) (*Wanctl, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, ReadLimit, ErrWanctlSlow)
	defer cancel()
	w, err := openWanctl(ctx, path)
	if err != nil {
		return nil, failure(ctx, "open", path, err)
	}
	return w, nil
}

func openWanctl(ctx context.Context, path string) (*Wanctl, error) {
	if err := disk.CheckFile(path); err != nil {
		return nil, err
	}
	path, err := disk.RealPath(path)
	if err != nil {
		return nil, err
	}
	if err := registerReaderVFS(); err != nil {
		return nil, err
	}
	w := &Wanctl{path: path, limit: ReadLimit}
	name := readerDSN(path, readerVFSName)
	rests, err := disk.AtRest(path)
	switch {
	case err != nil:
		return nil, err
	case rests:
		// Or a -wal and a -shm would stay beside a file that is only looked at, and it could not be
		// read where none can be made. Nobody is kept from writing then, so every look at the file
		// ends with one at whether somebody has.
		name += "&immutable=1"
		if w.rest, err = os.Stat(path); err != nil {
			return nil, err
		}
	default:
		if err := disk.CompleteWAL(path); err != nil {
			return nil, err
		}
	}
	if w.pool, err = openPool(path, name, nil); err != nil {
		return nil, err
	}
	if err := w.begin(ctx); err != nil {
		return nil, errors.Join(readingError(path, err), w.Close())
	}
	return w, nil
}

// begin opens the view and recognises the database.
func (w *Wanctl) begin(ctx context.Context) error {
	var err error
	// It ends with Close alone: database/sql ends it in the background when its context does, and
	// Close would not wait for that.
	if w.tx, err = w.pool.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true}); err != nil {
		return err
	}
	id, err := identify(ctx, w.tx)
	switch {
	case err != nil:
		return err
	case id.version() > 0:
		return fmt.Errorf("%w: it is a history of wanstore itself", ErrNotWanctl)
	case !id.wanctl():
		return fmt.Errorf("%w: it has no table metrics", ErrNotWanctl)
	}
	if err := checkWanctlColumns(ctx, w.tx); err != nil {
		return err
	}
	w.q, err = wanctldb.Prepare(ctx, w.tx)
	return err
}

// Close ends the view.
func (w *Wanctl) Close() error {
	var errs []error
	if w.q != nil {
		errs = append(errs, w.q.Close())
	}
	if w.tx != nil {
		errs = append(errs, endReading(w.tx))
	}
	return failure(context.Background(), "close", w.path, errors.Join(append(errs, w.pool.Close())...))
}

// Path returns the absolute path of the database.
func (w *Wanctl) Path() string { return w.path }

// ask asks the database something, and waits for the answer until the limit.
func ask[T any](
	ctx context.Context, w *Wanctl, question func(context.Context) (T, error),
) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, w.limit, ErrWanctlSlow)
	defer cancel()
	answer, err := question(ctx)
	if err == nil && w.rest != nil {
		err = w.unchanged()
	}
	return answer, failure(ctx, "read", w.path, err)
}

// unchanged says that nobody has begun to use a database that was at rest: what has been read may
// not fit together.
func (w *Wanctl) unchanged() error {
	rests, err := disk.AtRest(w.path)
	if err != nil {
		return err
	}
	info, err := os.Stat(w.path)
	if err != nil {
		return err
	}
	if !rests || info.Size() != w.rest.Size() || !info.ModTime().Equal(w.rest.ModTime()) {
		return ErrOpened
	}
	return nil
}
