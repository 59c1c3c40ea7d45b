package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// What can be wrong with a file. All are found with errors.Is.
var (
	ErrNoPath      = disk.ErrNoPath
	ErrMissing     = disk.ErrMissing
	ErrEmpty       = disk.ErrEmpty
	ErrDirectory   = disk.ErrDirectory
	ErrNotDatabase = disk.ErrNotDatabase
	ErrForeign     = errors.New("this database was not made by wanstore")
	ErrTooNew      = errors.New("the file was written by a newer version of wanstore")
	ErrDamaged     = disk.ErrDamaged
	ErrIncomplete  = errors.New("the history is not complete")
	ErrInterrupted = disk.ErrInterrupted
)

// ErrBusy says that another process held the write lock for longer than the busy timeout.
var ErrBusy = disk.ErrBusy

// ErrOtherName says that the file is open for writing under another name. SQLite keeps what is new
// beside a name, where a process that has opened the file by another one does not look.
var ErrOtherName = disk.ErrOtherName

// ErrDiskFull says that there was no room to write: the file system, a quota or the limit on the
// size of files is exhausted.
var ErrDiskFull = disk.ErrDiskFull

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
			err = disk.Reword(err, of.Err.Error())
		}
	}
	return &located{operation, path, classify(ctx, err)}
}

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
		if disk.IsAny(err, c.errs) && !errors.Is(err, c.sentinel) {
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
	{ErrDiskFull, append([]error{sqlite3.FULL, sqlite3.IOERR_SHMSIZE}, disk.Exhausted...)},
}

// inWords gives an error of SQLite other words, where its own mislead.
func inWords(err error) error {
	switch {
	case errors.Is(err, errFrame): // a disk I/O error, it says, and people look at cables
		return disk.Reword(err, errFrame.Error())
	case errors.Is(err, errCutOff):
		return disk.Reword(err, errCutOff.Error())
	case errors.Is(err, sqlite3.IOERR_DATA): // of a file of an earlier version
		return disk.Reword(err, "a page does not match its checksum")
	// the driver blames the PRAGMA that was first to read the file
	case errors.Is(err, sqlite3.NOTADB):
		return disk.Reword(err, sqlite3.NOTADB.Error())
	default:
		return err
	}
}

// busy is ErrBusy in words that say what keeps the file busy, and what users may do about that.
func busy(text string, cause error) error {
	return disk.Reword(errors.Join(ErrBusy, cause), text)
}
