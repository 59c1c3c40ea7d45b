package repo

import (
	"errors"
	"fmt"

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

// busy is ErrBusy in words that say what keeps the file busy, and what users may do about that.
func busy(text string, cause error) error {
	return disk.Reword(errors.Join(ErrBusy, cause), text)
}

// errDisorder says that keys of a table do not rise: pages were exchanged.
func errDisorder(table string) error {
	return fmt.Errorf("%w: keys of %s do not rise", ErrDamaged, table)
}
