package sqlite

import (
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// readerVFSName is the name under which SQLite finds the VFS of readers.
const readerVFSName = "wanstore-reader"

// readerVFS is the driver's own VFS, except that a WAL which may not be written is opened for
// reading, as SQLite's Unix VFS does. So a user who may only read the file and its -wal and -shm
// can read it while another one writes it. What it reads it checks, as far as SQLite does not.
type readerVFS struct{ vfs.VFSFilename }

// OpenFilename opens a file of the database.
func (v readerVFS) OpenFilename(
	name *vfs.Filename, flags vfs.OpenFlag,
) (vfs.File, vfs.OpenFlag, error) {
	file, got, err := openGuarded(v.VFSFilename, name, flags)
	if flags&vfs.OPEN_WAL != 0 && disk.IsForbidden(err) {
		readable := flags&^(vfs.OPEN_READWRITE|vfs.OPEN_CREATE) | vfs.OPEN_READONLY
		if wal, got, err := openGuarded(v.VFSFilename, name, readable); err == nil {
			return wal, got, nil
		}
		// That there is none is no news: why none can be made is.
		_ = guardedOf(name.DatabaseFile()).cause.note(err)
	}
	if err != nil {
		return nil, got, err
	}
	return file, got, nil
}
