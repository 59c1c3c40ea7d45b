package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// Beside a file on a read-only or full file system, or in a directory of somebody else, SQLite
// cannot make the index without which it opens no WAL. A file that nobody has open has nothing in
// its WAL, and is read without both, as immutable. SQLite then does not see a writer that comes
// after all (the file system may be writable elsewhere), so the connection looks for that itself,
// each time before it hands out what it has read.

// ErrWritten says that a file was written while it was read without its index.
var ErrWritten = Reword(ErrBusy, "the file was written while it was read, "+
	"and nobody could be asked to wait, since its -shm cannot be made here: try again")

// tickAt is longer than that of the clock that has marked a file as changed at this moment: two
// writes within one tick may look like one. That of vfat ticks every other second.
func tickAt(changed time.Time) time.Duration {
	const tick = 20 * time.Millisecond
	if changed.Nanosecond() == 0 {
		return 2*time.Second + tick
	}
	return tick
}

// StillFile is a file as it was when a connection without an index was opened.
type StillFile struct {
	path    string
	was     fs.FileInfo
	file    io.ReaderAt // that the connection reads, nil before it is open
	header  [sqlitefile.HeaderBytes]byte
	changed bool
}

// BeStill returns nil where the file at path cannot be read without an index: it is not in WAL
// mode, or something is in its WAL or its journal. It waits until the last write is a tick ago.
func BeStill(ctx context.Context, path string) *StillFile {
	h, err := ReadHeader(path)
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
	s := &StillFile{path: path, was: was}
	if s.Written() {
		return nil
	}
	return s
}

// Opened notes what the connection reads.
func (s *StillFile) Opened(file io.ReaderAt) {
	if n, _ := file.ReadAt(s.header[:], 0); n < len(s.header) {
		s.changed = true
	}
	s.file = file
}

// Check returns err, or ErrWritten where that, or the want of an error, may come of pages that do
// not fit together.
func (s *StillFile) Check(err error) error {
	if s.Written() {
		return ErrWritten
	}
	return err
}

// Written says that somebody has written to the file since, or to what belongs to it. Once it has
// been true, it stays so.
func (s *StillFile) Written() bool {
	if s == nil {
		return false
	}
	s.changed = s.changed || !s.isAlone() || !s.isSame()
	return s.changed
}

// isAlone says that nothing is in the WAL and the journal: a writer begins with these.
func (s *StillFile) isAlone() bool {
	for _, suffix := range []string{"-wal", "-journal"} {
		info, err := os.Lstat(s.path + suffix)
		if err == nil && info.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

func (s *StillFile) isSame() bool {
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

// AtRest says that a file is in WAL mode and nobody has it open: a process that does has a -wal
// beside it, and writes to that first.
func AtRest(path string) (bool, error) {
	h, err := ReadHeader(path)
	if err != nil || !h.inWALMode() {
		return false, err
	}
	_, err = os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist), nil
}
