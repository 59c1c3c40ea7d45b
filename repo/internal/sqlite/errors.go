package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

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

// Failure adds the operation and the path to err, which may have them already, and the sentinel of
// its SQLite code.
func Failure(ctx context.Context, operation, path string, err error) error {
	switch of := err.(type) { //nolint:errorlint // what is further in says something else
	case nil:
		return nil
	case *located:
		if of.path == path {
			operation, err = of.operation, of.err
		}
	case *fs.PathError:
		if full, absErr := filepath.Abs(path); of.Path == path || absErr == nil && of.Path == full {
			err = disk.Reword(err, of.Err.Error())
		}
	}
	return &located{operation, path, Classify(ctx, err)}
}

// Bare is what was wrong, without where.
func Bare(err error) error {
	if l, ok := err.(*located); ok { //nolint:errorlint // what is further in says something else
		return l.err
	}
	return err
}

// Classify joins err with the sentinel that callers match. What fails after its context has ended
// fails because of that, whatever it says: SQLite speaks of an interrupt or a lock, database/sql of
// a statement that is closed.
func Classify(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		if errors.Is(err, sql.ErrTxDone) || errors.Is(err, ctx.Err()) {
			return cause // of what database/sql says of every context
		}
		return fmt.Errorf("%w (%w)", cause, err)
	}
	for _, c := range classes {
		if disk.IsAny(err, c.errs) && !errors.Is(err, c.sentinel) {
			return joined(c.sentinel, err)
		}
	}
	return err
}

// joined is a sentinel and what SQLite or the system says.
func joined(sentinel, err error) error {
	both := fmt.Errorf("%w (%w)", sentinel, inWords(err))
	// SQLite says the same, and the driver blames the PRAGMA that was first to read.
	if errors.Is(err, sqlite3.NOTADB) {
		return disk.Reword(both, sentinel.Error())
	}
	return both
}

// classes are the sentinels of what SQLite and the system say. The first one that an error lacks is
// its own.
var classes = []struct {
	sentinel error
	errs     []error
}{
	{disk.ErrBusy, []error{sqlite3.BUSY}},
	{disk.ErrNotDatabase, []error{sqlite3.NOTADB}},
	// No row of ours breaks a rule of the schema, so where one does, that is not as it was written.
	// A disk that cannot read a page may read it the next time: that is no damage of the page.
	{disk.ErrDamaged, []error{sqlite3.CONSTRAINT_CHECK, sqlite3.CORRUPT, sqlite3.IOERR_DATA}},
	// The index of the WAL cannot be wrapped like the files: there SHMSIZE is what no room looks
	// like.
	{disk.ErrDiskFull, append([]error{sqlite3.FULL, sqlite3.IOERR_SHMSIZE}, disk.Exhausted...)},
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
	default:
		return err
	}
}

// ReadingError says what a file that may only be read lacks.
func ReadingError(path string, err error) error {
	if AwaitsRollback(err) {
		return disk.JournalError(path, err)
	}
	if isReadOnly(err) {
		return fmt.Errorf("%w: its -wal has what is not in the file yet, and reading that takes a -shm, "+
			"which cannot be made here: open it where its directory can be written to, "+
			"or copy the file and its -wal to such a directory (%w)", fs.ErrPermission, err)
	}
	return err
}

// pageError is what the check says of a page that it could not get.
var pageError = regexp.MustCompile(`error code=(\d+)`)

// UnreadPage turns the finding that the disk could not read a page into the error that it is. The
// check goes on where any other statement ends.
func UnreadPage(finding string) error {
	for _, match := range pageError.FindAllStringSubmatch(finding, -1) {
		number, _ := strconv.ParseUint(match[1], 10, 16)
		code := sqlite3.ExtendedErrorCode(number)
		if code.Code() == sqlite3.IOERR && code != sqlite3.IOERR_DATA {
			return fmt.Errorf("the check ended at a page: %w", code)
		}
	}
	return nil
}

// IsBusy says that somebody else holds what SQLite wanted to lock.
func IsBusy(err error) bool { return errors.Is(err, sqlite3.BUSY) }

// DoesNotFit says that a statement names what the database does not have.
func DoesNotFit(err error) bool { return errors.Is(err, sqlite3.ERROR) }

// BreaksRule says that a row breaks a rule of the schema.
func BreaksRule(err error) bool { return errors.Is(err, sqlite3.CONSTRAINT) }

// AwaitsRollback says that an interrupted change has left its journal, which a connection that only
// reads may not roll back.
func AwaitsRollback(err error) bool { return errors.Is(err, sqlite3.READONLY_ROLLBACK) }

// lacksIndex says that SQLite cannot make what it needs beside a file: it may not, or there is no
// room.
func lacksIndex(err error) bool {
	return isReadOnly(err) || errors.Is(err, sqlite3.IOERR_SHMSIZE) || disk.IsAny(err, disk.Exhausted)
}

// isReadOnly says that SQLite may not make what it needs beside a file.
func isReadOnly(err error) bool {
	return errors.Is(err, sqlite3.READONLY) || isUnlockable(err) ||
		errors.Is(err, sqlite3.CANTOPEN) && disk.IsForbidden(err)
}

// isUnlockable says that an index has to be rebuilt, and is open for reading only: of such a file
// the system locks nothing. A writer that has just come is about to do so, or was killed in the
// middle.
func isUnlockable(err error) bool {
	return errors.Is(err, sqlite3.READONLY_RECOVERY) ||
		errors.Is(err, sqlite3.IOERR) && errors.Is(err, syscall.EBADF)
}
