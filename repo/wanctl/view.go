package wanctl

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
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// readLimit is how long a question may take: a view that never ends would keep the WAL from
// restarting.
const readLimit = time.Minute

var (
	// ErrNotWanctl says that a database has no table metrics as wanctl makes it.
	ErrNotWanctl = errors.New("this database was not made by wanctl")
	// ErrSlow says that a question to a database of wanctl was not answered in time.
	ErrSlow = fmt.Errorf("reading it took longer than %s at a time", readLimit)
	// ErrOpened says that somebody has begun to write a database that nobody was using.
	ErrOpened = errors.New("the database is being written now, and was not when it was opened")
)

// View is one consistent view of a database that wanctl has written, and may be writing. While it
// is open its WAL cannot restart. It is for one goroutine.
type View struct {
	path string
	pool *sql.DB
	tx   *sql.Tx
	q    *wanctldb.Queries
	rest fs.FileInfo // the file as it was, if nobody was using it

	limit time.Duration // of a question
}

// Open opens a view of the database at path as it is now. It makes and changes nothing but,
// beside a WAL that somebody has left behind, SQLite's -shm.
//
// Errors, those of package repo among them: ErrNoPath, ErrMissing, ErrDirectory, ErrNotDatabase,
// ErrNotWanctl, ErrInterrupted, ErrBusy, ErrSlow, ErrDamaged, and those of the file system. Of all
// that is asked of the view: ErrSlow, ErrOpened, ErrDamaged, those of the file system, and that of
// ctx.
func Open(ctx context.Context, path string) (*View, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, readLimit, ErrSlow)
	defer cancel()
	v, err := open(ctx, path)
	if err != nil {
		return nil, sqlite.Failure(ctx, "open", path, err)
	}
	return v, nil
}

func open(ctx context.Context, path string) (*View, error) {
	if err := disk.CheckFile(path); err != nil {
		return nil, err
	}
	path, err := disk.RealPath(path)
	if err != nil {
		return nil, err
	}
	v := &View{path: path, limit: readLimit}
	name := sqlite.ReaderDSN(path)
	rests, err := disk.AtRest(path)
	switch {
	case err != nil:
		return nil, err
	case rests:
		// Or a -wal and a -shm would stay beside a file that is only looked at, and it could not be
		// read where none can be made. Nobody is kept from writing then, so every look at the file
		// ends with one at whether somebody has.
		name = sqlite.RestingDSN(path)
		if v.rest, err = os.Stat(path); err != nil {
			return nil, err
		}
	default:
		if err := disk.CompleteWAL(path); err != nil {
			return nil, err
		}
	}
	if v.pool, err = sqlite.OpenPool(path, name, nil); err != nil {
		return nil, err
	}
	if err := v.begin(ctx); err != nil {
		return nil, errors.Join(sqlite.ReadingError(path, err), v.Close())
	}
	return v, nil
}

// begin opens the view and recognises the database.
func (v *View) begin(ctx context.Context) error {
	var err error
	// It ends with Close alone: database/sql ends it in the background when its context does, and
	// Close would not wait for that.
	v.tx, err = v.pool.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	is, err := sqlite.Describe(ctx, v.tx)
	switch {
	case err != nil:
		return err
	case isHistory(is):
		return fmt.Errorf("%w: it is a history of wanstore itself", ErrNotWanctl)
	case is.Tables["metrics"] != "table":
		return fmt.Errorf("%w: it has no table metrics", ErrNotWanctl)
	}
	if err := checkColumns(ctx, v.tx); err != nil {
		return err
	}
	v.q, err = wanctldb.Prepare(ctx, v.tx)
	return err
}

// isHistory says that a database is a history of wanstore, by its header or by its own table.
// In a history metrics is a view.
func isHistory(is sqlite.Description) bool {
	return is.ApplicationID == disk.ApplicationID && is.UserVersion > 0 ||
		is.Tables["wanstore"] == "table" && is.Tables["metrics"] != "table"
}

// Close ends the view.
func (v *View) Close() error {
	var errs []error
	if v.q != nil {
		errs = append(errs, v.q.Close())
	}
	if v.tx != nil {
		errs = append(errs, sqlite.EndReading(v.tx))
	}
	err := errors.Join(append(errs, v.pool.Close())...)
	return sqlite.Failure(context.Background(), "close", v.path, err)
}

// Path returns the absolute path of the database.
func (v *View) Path() string { return v.path }

// ask asks the database something, and waits for the answer until the limit.
func ask[T any](
	ctx context.Context, v *View, question func(context.Context) (T, error),
) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, v.limit, ErrSlow)
	defer cancel()
	answer, err := question(ctx)
	if err == nil && v.rest != nil {
		err = v.unchanged()
	}
	return answer, sqlite.Failure(ctx, "read", v.path, err)
}

// unchanged says that nobody has begun to use a database that was at rest: what has been read may
// not fit together.
func (v *View) unchanged() error {
	rests, err := disk.AtRest(v.path)
	if err != nil {
		return err
	}
	info, err := os.Stat(v.path)
	if err != nil {
		return err
	}
	if !rests || info.Size() != v.rest.Size() || !info.ModTime().Equal(v.rest.ModTime()) {
		return ErrOpened
	}
	return nil
}
