package sqlite

import (
	"errors"
	"fmt"
	"io"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// What the guards say of a page that SQLite would take for sound. They come with SQLite's
// IOERR_DATA.
var (
	errCutOff = errors.New("its last page is cut off")
	errFrame  = errors.New("a page of the WAL does not match the checksum of its frame")
)

// openGuarded opens a file by a VFS, and checks what is read, as far as SQLite and the driver do
// not.
func openGuarded(
	v vfs.VFSFilename, name *vfs.Filename, flags vfs.OpenFlag,
) (DriverFile, vfs.OpenFlag, error) {
	file, got, err := v.OpenFilename(name, flags)
	database := &guardedFile{}
	if flags&journals != 0 {
		database = guardedOf(name.DatabaseFile())
	}
	if err != nil {
		return nil, got, database.cause.note(err)
	}
	own, ok := file.(DriverFile)
	switch {
	case !ok:
		return nil, got, errors.Join(errFile(file), file.Close())
	case flags&vfs.OPEN_MAIN_DB != 0:
		database.DriverFile = notingFile{own, &database.cause}
		return database, got, nil
	case flags&vfs.OPEN_WAL != 0:
		database.wal = newGuardedWAL(notingFile{own, &database.cause}, &database.cause)
		return database.wal, got, nil
	default:
		return notingFile{own, &database.cause}, got, nil
	}
}

func errFile(file vfs.File) error {
	return fmt.Errorf("the driver's VFS opens a %T, which cannot be wrapped", file)
}

// guardedOf is the database beneath what has been put around it, one that nobody else has where
// there is none.
func guardedOf(database vfs.File) *guardedFile {
	for {
		switch file := database.(type) {
		case *guardedFile:
			return file
		case roomFile:
			database = file.DriverFile
		case vfs.FileUnwrap: // with which the driver sees to the page checksums of earlier versions
			database = file.Unwrap()
		default:
			return &guardedFile{}
		}
	}
}

// guardedFile looks at two things that SQLite takes for granted: that the last page is whole, and
// that a checkpoint writes a page to its own place.
type guardedFile struct {
	DriverFile
	wal   *guardedWAL // nil before there is one
	cause cause
}

// MemoryMapper is none. A file of an earlier version may have page checksums, for which the driver
// puts a file of its own around this one: that offers SQLite the mapper until it meets the header
// which says so, and panics at the next checkpoint.
func (*guardedFile) MemoryMapper() vfs.MemoryMapper { return nil }

func (f *guardedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.DriverFile.ReadAt(p, off)
	// SQLite reads no more of the last page of a long row than it needs.
	if off >= sqlitefile.SmallestPage && n > 0 && n < len(p) && errors.Is(err, io.EOF) {
		return 0, vfs.SystemError(f.cause.note(errCutOff), sqlite3.IOERR_DATA)
	}
	return n, err
}

// WriteAt writes a page where the WAL says that it belongs: a checkpoint goes by the index for
// that, which has no checksums.
func (f *guardedFile) WriteAt(p []byte, off int64) (int, error) {
	if f.wal != nil && f.wal.page != 0 && off != (f.wal.page-1)*f.wal.pageSize {
		return 0, vfs.SystemError(f.cause.note(disk.ErrIndex), sqlite3.IOERR_DATA)
	}
	return f.DriverFile.WriteAt(p, off)
}
