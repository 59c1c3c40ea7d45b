package repo

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// Beside a file on a read-only or full file system, or in a directory of somebody else, SQLite
// cannot make the index without which it opens no WAL. A file that nobody has open has nothing in
// its WAL, and is read without both, as immutable. SQLite then does not see a writer that comes
// after all (the file system may be writable elsewhere), so the connection looks for that itself,
// each time before it hands out what it has read.

// errWritten says that a file was written while it was read without its index.
var errWritten error = &reworded{ErrBusy, "the file was written while it was read, " +
	"and nobody could be asked to wait, since its -shm cannot be made here: try again"}

// firstLook reads the file, so that a connection that cannot do so is not opened.
const firstLook = "PRAGMA schema_version"

// tickAt is longer than that of the clock that has marked a file as changed at this moment: two
// writes within one tick may look like one. That of vfat ticks every other second.
func tickAt(changed time.Time) time.Duration {
	const tick = 20 * time.Millisecond
	if changed.Nanosecond() == 0 {
		return 2*time.Second + tick
	}
	return tick
}

// openReaders is openPool for connections that only read. Where no index can be made, they go
// without as long as the file is still.
func openReaders(path, name string, setUp func(*sqlite3.Conn) error) (*sql.DB, error) {
	if err := areFiles(path); err != nil {
		return nil, err
	}
	c, err := newConnector(path, name, setUp)
	if err != nil {
		return nil, err
	}
	if c.still, err = newConnector(path, name+"&immutable=1", setUp); err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// lacksIndex says that SQLite cannot make what it needs beside a file: it may not, or there is no
// room.
func lacksIndex(err error) bool {
	return isReadOnly(err) || errors.Is(err, sqlite3.IOERR_SHMSIZE) || isAny(err, exhausted)
}

// isReadOnly says that SQLite may not make what it needs beside a file.
func isReadOnly(err error) bool {
	return errors.Is(err, sqlite3.READONLY) || errors.Is(err, sqlite3.CANTOPEN) && isForbidden(err) ||
		isUnlockable(err)
}

// isUnlockable says that an index has to be rebuilt, and is open for reading only: of such a file
// the system locks nothing. A writer that has just come is about to do so, or was killed in the
// middle.
func isUnlockable(err error) bool {
	return errors.Is(err, sqlite3.READONLY_RECOVERY) ||
		errors.Is(err, sqlite3.IOERR) && errors.Is(err, syscall.EBADF)
}

// isForbidden says that a file cannot be made because of its directory or of the file system.
func isForbidden(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// stillFile is a file as it was when a connection without an index was opened.
type stillFile struct {
	path    string
	was     fs.FileInfo
	file    vfs.File // that the connection reads, nil before it is open
	header  [sqlitefile.HeaderBytes]byte
	changed bool
}

// beStill returns nil where the file at path cannot be read without an index: it is not in WAL
// mode, or something is in its WAL or its journal. It waits until the last write is a tick ago.
func beStill(ctx context.Context, path string) *stillFile {
	h, err := readHeader(path)
	if err != nil || !h.inWALMode() {
		return nil
	}
	was, err := os.Stat(path)
	if err != nil {
		return nil
	}
	tick := tickAt(was.ModTime())
	if age := time.Since(was.ModTime()); age >= 0 && age < tick {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tick - age):
		}
	}
	s := &stillFile{path: path, was: was}
	if s.written() {
		return nil
	}
	return s
}

// opened notes what the connection reads.
func (s *stillFile) opened(file vfs.File) {
	if n, _ := file.ReadAt(s.header[:], 0); n < len(s.header) {
		s.changed = true
	}
	s.file = file
}

// check returns err, or errWritten where that, or the want of an error, may come of pages that do
// not fit together.
func (s *stillFile) check(err error) error {
	if s.written() {
		return errWritten
	}
	return err
}

// written says that somebody has written to the file since, or to what belongs to it. Once it has
// been true, it stays so.
func (s *stillFile) written() bool {
	if s == nil {
		return false
	}
	s.changed = s.changed || !s.isAlone() || !s.isSame()
	return s.changed
}

// isAlone says that nothing is in the WAL and the journal: a writer begins with these.
func (s *stillFile) isAlone() bool {
	for _, suffix := range []string{"-wal", "-journal"} {
		info, err := os.Lstat(s.path + suffix)
		if err == nil && info.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

func (s *stillFile) isSame() bool {
	is, err := os.Stat(s.path)
	if err != nil || !os.SameFile(is, s.was) || is.Size() != s.was.Size() ||
		!is.ModTime().Equal(s.was.ModTime()) {
		return false
	}
	if s.file == nil {
		return true
	}
	var header [sqlitefile.HeaderBytes]byte
	_, err = s.file.ReadAt(header[:], 0)
	return err == nil && header == s.header
}
