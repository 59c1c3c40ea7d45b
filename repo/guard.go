package repo

import (
	"errors"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// What the guards say of a page that SQLite would take for sound. They come with SQLite's
// IOERR_DATA.
var (
	errCutOff = errors.New("its last page is cut off")
	errFrame  = errors.New("a page of the WAL does not match the checksum of its frame")
)

// guard checks what is read of a file, as far as SQLite and the driver do not.
func guard(file DriverFile, flags vfs.OpenFlag) DriverFile {
	switch {
	case flags&vfs.OPEN_MAIN_DB != 0:
		return &guardedFile{DriverFile: file}
	case flags&vfs.OPEN_WAL != 0:
		return newGuardedWAL(file)
	default:
		return file
	}
}

// guardedFile looks at two things that SQLite takes for granted: that the last page is whole, and
// that a checkpoint writes a page to its own place.
type guardedFile struct {
	DriverFile
	wal *guardedWAL // nil before there is one
}

// MemoryMapper is none. A file of an earlier version may have page checksums, for which the driver
// puts a file of its own around this one: that offers SQLite the mapper until it meets the header
// which says so, and panics at the next checkpoint.
func (*guardedFile) MemoryMapper() vfs.MemoryMapper { return nil }

func (f *guardedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.DriverFile.ReadAt(p, off)
	if off > 0 && n > 0 && n < len(p) && sqlitefile.IsPageSize(len(p)) {
		return 0, vfs.SystemError(errCutOff, sqlite3.IOERR_DATA)
	}
	return n, err
}

// WriteAt writes a page where the WAL says that it belongs: a checkpoint goes by the index for
// that, which has no checksums.
func (f *guardedFile) WriteAt(p []byte, off int64) (int, error) {
	if f.wal != nil && f.wal.page != 0 && off != (f.wal.page-1)*f.wal.pageSize {
		return 0, vfs.SystemError(errIndex, sqlite3.IOERR_DATA)
	}
	return f.DriverFile.WriteAt(p, off)
}
