package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// cause is why the system has failed a connection. SQLite says that it could not read, write or
// open something, and goes on to ask the system for other things before that: then the driver does
// not know any more.
type cause struct{ err error }

// note takes note of an error of the system, and returns it. The end of a file is none.
func (c *cause) note(err error) error {
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return err
}

// notingFile takes note of what the system says.
type notingFile struct {
	DriverFile
	cause *cause
}

func (f notingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.DriverFile.ReadAt(p, off)
	return n, f.cause.note(err)
}

func (f notingFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.DriverFile.WriteAt(p, off)
	return n, f.cause.note(err)
}

// Sync brings to the disk what was written.
func (f notingFile) Sync(flags vfs.SyncFlag) error { return f.cause.note(f.DriverFile.Sync(flags)) }

// Truncate sets the size of the file.
func (f notingFile) Truncate(size int64) error { return f.cause.note(f.DriverFile.Truncate(size)) }

// explain adds the cause to an error of SQLite that lacks one. path is that of a file that the
// connection opens.
func (c *cause) explain(err error, path string) error {
	couldNotOpen := errors.Is(err, sqlite3.CANTOPEN)
	if isSystem(err) || !couldNotOpen && !errors.Is(err, sqlite3.IOERR) {
		return err
	}
	why := c.err
	if why == nil {
		why = mayOpen(path, couldNotOpen, perConnection)
	}
	if why == nil || errors.Is(err, why) {
		return err
	}
	return fmt.Errorf("%w: %w", err, why)
}

func isSystem(err error) bool {
	_, ok := errors.AsType[syscall.Errno](err)
	return ok
}

// perConnection is how many files a connection may have open at once: a database, its WAL, index
// and journal, and a directory.
const perConnection = 5

// mayOpen opens a file so many times, and says why it cannot: the driver keeps to itself what the
// system said of an index, of a temporary file and of a second database. Where SQLite does not say
// that it could not open something, only a lack of descriptors counts.
func mayOpen(path string, couldNot bool, times int) error {
	if times == 0 {
		return nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|disk.NoFollow, 0)
	if err == nil {
		return errors.Join(mayOpen(path, couldNot, times-1), file.Close())
	}
	lacking := errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
	if lacking || couldNot && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
