package filetest

import (
	"fmt"
	"sync"

	"github.com/ncruces/go-sqlite3/vfs"
)

// vfsName is the name under which SQLite finds the VFS of this package.
const vfsName = "wanstore-filetest"

// unmappedVFS is the driver's own VFS without memory mapping, which makes the driver panic at the
// end of a checkpoint of a file that has checksums.
type unmappedVFS struct{ vfs.VFSFilename }

// OpenFilename opens a file of the database.
func (v unmappedVFS) OpenFilename(
	name *vfs.Filename, flags vfs.OpenFlag,
) (vfs.File, vfs.OpenFlag, error) {
	file, got, err := v.VFSFilename.OpenFilename(name, flags)
	if own, ok := file.(sharedFile); ok && err == nil {
		return unmappedFile{own}, got, nil
	}
	return file, got, err
}

// sharedFile is what SQLite needs of a file in WAL mode.
type sharedFile interface {
	vfs.FileLockState
	vfs.FilePersistWAL
	vfs.FilePowersafeOverwrite
	vfs.FileSizeHint
	vfs.FileHasMoved
	vfs.FileSharedMemory
}

type unmappedFile struct{ sharedFile }

// registerVFS tells the driver of the VFS, once.
var registerVFS = sync.OnceValue(func() error {
	own, ok := vfs.Find("").(vfs.VFSFilename)
	if !ok {
		return fmt.Errorf("the driver's VFS is a %T, which opens no files by their names", vfs.Find(""))
	}
	vfs.Register(vfsName, unmappedVFS{own})
	return nil
})
