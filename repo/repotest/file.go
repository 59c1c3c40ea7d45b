package repotest

import (
	"io/fs"
	"syscall"

	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// file is an open file on a disk.
type file struct {
	sqlite.DriverFile

	disk  *Disk
	path  string
	image *image
	// its next sync makes the names in its directory durable, too, as the driver does for a new
	// WAL
	syncDir bool
}

// ReadAt reads what the disk lets through.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.disk.read(f.path); err != nil {
		return 0, err
	}
	return f.DriverFile.ReadAt(p, off)
}

// WriteAt writes as much as the disk lets through.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if err := f.disk.begin(&Operation{Kind: Write, Path: f.path, Offset: off, Data: p}); err != nil {
		return 0, err
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	room, err := f.disk.room(f.path, off+int64(len(p)))
	if err != nil {
		return 0, err
	}
	fits := min(int64(len(p)), max(room-off, 0))
	n, err := f.DriverFile.WriteAt(p[:fits], off)
	f.image.write(p[:n], off)
	if err == nil && n < len(p) {
		err = failure(Write, f.path, syscall.ENOSPC)
	}
	return n, err
}

// Truncate sets the size of the file.
func (f *file) Truncate(size int64) error {
	return f.resize(size, func() error { return f.DriverFile.Truncate(size) })
}

// SizeHint makes the file as long as it is going to be.
func (f *file) SizeHint(size int64) error {
	if size <= f.length() {
		return nil
	}
	return f.resize(size, func() error { return f.DriverFile.SizeHint(size) })
}

func (f *file) length() int64 {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return f.image.length()
}

func (f *file) resize(size int64, resize func() error) error {
	if err := f.disk.begin(&Operation{Kind: Truncate, Path: f.path, Offset: size}); err != nil {
		return err
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	room, err := f.disk.room(f.path, size)
	if err != nil {
		return err
	}
	if room < size {
		return failure(Truncate, f.path, syscall.ENOSPC)
	}
	if err := resize(); err != nil {
		return err
	}
	f.image.truncate(size)
	return nil
}

// Sync makes what was written durable, on this disk: the real one is spared the work.
func (f *file) Sync(vfs.SyncFlag) error {
	if err := f.disk.begin(&Operation{Kind: Sync, Path: f.path}); err != nil {
		return err
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.image.sync()
	if f.syncDir {
		f.syncDir = false
		f.disk.names.sync()
	}
	return nil
}

// failure is an error as package os gives it.
func failure(kind Kind, path string, err error) error {
	return &fs.PathError{Op: kind.String(), Path: path, Err: err}
}
