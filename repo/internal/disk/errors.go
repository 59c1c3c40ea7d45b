package disk

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"
)

// What can be wrong with a file.
var (
	ErrNoPath      = errors.New("the path is empty: name a file")
	ErrMissing     = errors.New("there is no such file")
	ErrEmpty       = errors.New("the file is empty, nothing has been recorded yet")
	ErrDirectory   = errors.New("this is a directory, want the path of a file")
	ErrNotDatabase = errors.New("this is no SQLite database")
	ErrDamaged     = errors.New("the file is damaged")
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

// Reword returns an error in other words.
func Reword(err error, text string) error { return &reworded{err, text} }

type reworded struct {
	err  error
	text string
}

func (e *reworded) Error() string { return e.text }

func (e *reworded) Unwrap() error { return e.err }

// IsAny says that err is one of a list.
func IsAny(err error, list []error) bool {
	return slices.ContainsFunc(list, func(one error) bool { return errors.Is(err, one) })
}

// Exhausted are the errors of a write for which the file system, a quota or the limit on the size
// of files has no room.
var Exhausted = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}

// IsForbidden says that a file cannot be made because of its directory or of the file system.
func IsForbidden(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// ErrReplaced says that another process has put another file in the place of the one that was being
// opened.
var ErrReplaced = errors.New("the file was replaced while it was being opened")
