package repo

import (
	"errors"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// lacksIndex says that SQLite cannot make what it needs beside a file: it may not, or there is no
// room.
func lacksIndex(err error) bool {
	return isReadOnly(err) || errors.Is(err, sqlite3.IOERR_SHMSIZE) || disk.IsAny(err, disk.Exhausted)
}

// isReadOnly says that SQLite may not make what it needs beside a file.
func isReadOnly(err error) bool {
	return errors.Is(err, sqlite3.READONLY) || errors.Is(err, sqlite3.CANTOPEN) && disk.IsForbidden(err) ||
		isUnlockable(err)
}

// isUnlockable says that an index has to be rebuilt, and is open for reading only: of such a file
// the system locks nothing. A writer that has just come is about to do so, or was killed in the
// middle.
func isUnlockable(err error) bool {
	return errors.Is(err, sqlite3.READONLY_RECOVERY) ||
		errors.Is(err, sqlite3.IOERR) && errors.Is(err, syscall.EBADF)
}
