package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/ncruces/go-sqlite3"
)

// What can be wrong with a file. All are found with errors.Is.
var (
	ErrNoPath      = errors.New("the path is empty: name a file")
	ErrMissing     = errors.New("there is no such file")
	ErrEmpty       = errors.New("the file is empty, nothing has been recorded yet")
	ErrDirectory   = errors.New("this is a directory, want the path of a file")
	ErrNotDatabase = errors.New("this is no SQLite database")
	ErrForeign     = errors.New("this database was not made by wanstore")
	ErrTooNew      = errors.New("the file was written by a newer version of wanstore")
	ErrDamaged     = errors.New("the file is damaged")
	ErrIncomplete  = errors.New("the history is not complete")
	ErrInterrupted = errors.New("another program was interrupted while it changed the file: " +
		"what it has left is rolled back when the file is opened for writing")
)

// ErrBusy says that another process held the write lock for longer than the busy timeout.
var ErrBusy = errors.New("another process is holding the write lock")

// ErrOtherName says that the file is open for writing under another name. SQLite keeps what is new
// beside a name, where a process that has opened the file by another one does not look.
var ErrOtherName = errors.New("the file is open for writing under another name (a hard link, " +
	"a mount of the file alone, or a rename a moment ago): open it by one name everywhere, " +
	"and where a mount is wanted, mount its directory")

// ErrDiskFull says that there was no room to write: the file system, a quota or the limit on the
// size of files is exhausted.
var ErrDiskFull = errors.New("there is no room left to write")

// ErrMountGone says that the file system that the file was on is not mounted there any more: a
// medium was pulled out, or somebody has unmounted it. Nothing is made in its place.
var ErrMountGone = errors.New("what the file lies on is not mounted any more")

// ErrTooManySeries says that the file has as many series as it may.
var ErrTooManySeries = errors.New("too many series")

// ErrImportMoved says that somebody else has moved an import on since it was looked up.
var ErrImportMoved = errors.New("another process is importing the same data")

// IsDamage says that an error is of a file which cannot go on being a history.
func IsDamage(err error) bool {
	return errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotDatabase)
}

// located is an error of an operation on a file.
type located struct {
	operation, path string
	err             error
}

func (l *located) Error() string {
	if l.path == "" {
		return l.operation + ": " + l.err.Error()
	}
	return l.operation + " " + l.path + ": " + l.err.Error()
}

func (l *located) Unwrap() error { return l.err }

// failure adds the operation and the path to err, which may have them already, and the sentinel of
// its SQLite code.
func failure(ctx context.Context, operation, path string, err error) error {
	switch of := err.(type) { //nolint:errorlint // what is further in says something else
	case nil:
		return nil
	case *located:
		if of.path == path {
			operation, err = of.operation, of.err
		}
	case *fs.PathError:
		if of.Path == path {
			err = &reworded{err, of.Err.Error()}
		}
	}
	return &located{operation, path, classify(ctx, err)}
}

// unmovable is damage of a file that cannot be moved aside.
type unmovable struct{ damage, reason error }

// cannotMove says once why a damaged file stays where it is, however often that was tried.
func cannotMove(damage, reason error) error {
	if earlier, ok := damage.(*unmovable); ok { //nolint:errorlint // what is further in says something else
		damage = earlier.damage
	}
	return &unmovable{damage, reason}
}

func (e *unmovable) Error() string {
	return fmt.Sprintf("%v, and cannot be moved aside: %v", e.damage, e.reason)
}

func (e *unmovable) Unwrap() []error { return []error{e.damage, e.reason} }

// bare is what was wrong, without where.
func bare(err error) error {
	if l, ok := err.(*located); ok { //nolint:errorlint // what is further in says something else
		return l.err
	}
	return err
}

// classify joins err with the sentinel that callers match. What fails after its context has ended
// fails because of that, whatever it says: SQLite speaks of an interrupt or a lock, database/sql of
// a statement that is closed.
func classify(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		if errors.Is(err, sql.ErrTxDone) || errors.Is(err, ctx.Err()) {
			return cause // of what database/sql says of every context
		}
		return fmt.Errorf("%w (%w)", cause, err)
	}
	for _, c := range classes {
		if isAny(err, c.errs) && !errors.Is(err, c.sentinel) {
			return fmt.Errorf("%w (%w)", c.sentinel, inWords(err))
		}
	}
	return err
}

// classes are the sentinels of what SQLite and the system say. The first one that an error lacks is
// its own.
var classes = []struct {
	sentinel error
	errs     []error
}{
	{ErrBusy, []error{sqlite3.BUSY}},
	{ErrNotDatabase, []error{sqlite3.NOTADB}},
	// No row of ours breaks a rule of the schema, so where one does, that is not as it was written.
	// A disk that cannot read a page may read it the next time: that is no damage of the page.
	{ErrDamaged, []error{sqlite3.CONSTRAINT_CHECK, sqlite3.CORRUPT, sqlite3.IOERR_DATA}},
	// The index of the WAL cannot be wrapped like the files: there SHMSIZE is what no room looks
	// like.
	{ErrDiskFull, append([]error{sqlite3.FULL, sqlite3.IOERR_SHMSIZE}, exhausted...)},
}

// isAny says that err is one of a list.
func isAny(err error, list []error) bool {
	return slices.ContainsFunc(list, func(one error) bool { return errors.Is(err, one) })
}

// inWords gives an error of SQLite other words, where its own mislead.
func inWords(err error) error {
	switch {
	case errors.Is(err, errFrame): // a disk I/O error, it says, and people look at cables
		return &reworded{err, errFrame.Error()}
	case errors.Is(err, errCutOff):
		return &reworded{err, errCutOff.Error()}
	case errors.Is(err, sqlite3.IOERR_DATA): // of a file of an earlier version
		return &reworded{err, "a page does not match its checksum"}
	// the driver blames the PRAGMA that was first to read the file
	case errors.Is(err, sqlite3.NOTADB):
		return &reworded{err, sqlite3.NOTADB.Error()}
	default:
		return err
	}
}

// reworded is an error in other words.
type reworded struct {
	err  error
	text string
}

func (e *reworded) Error() string { return e.text }
func (e *reworded) Unwrap() error { return e.err }

// busy is ErrBusy in words that say what keeps the file busy, and what users may do about that.
func busy(text string, cause error) error {
	return &reworded{errors.Join(ErrBusy, cause), text}
}
