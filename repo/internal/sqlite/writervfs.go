package sqlite

import (
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// writerVFSName is the name under which SQLite finds the VFS of writers.
const writerVFSName = "wanstore-writer"

// FaultVFS is the name of a VFS that the files of writers lie on instead of the driver's own, if
// one has been registered before the first file is opened. It is for tests of faults: package
// repotest registers one, and nothing else does.
const FaultVFS = "wanstore-faults"

// writerVFS is the driver's own VFS, except that its files say FULL where there is no room to
// write. The driver looks for ENOSPC in an error of os.File without unwrapping it, so what SQLite
// hears is an I/O error like any other.
type writerVFS struct{ vfs.VFSFilename }

// OpenFilename opens a file of the database.
func (v writerVFS) OpenFilename(
	name *vfs.Filename, flags vfs.OpenFlag,
) (vfs.File, vfs.OpenFlag, error) {
	file, got, err := openGuarded(v.VFSFilename, name, flags)
	if err != nil {
		return nil, got, err
	}
	return roomFile{file}, got, nil
}

// DriverFile is what a file of the driver's own VFS can do, and SQLite asks for in WAL mode. The
// files of FaultVFS can do it, too.
type DriverFile interface {
	vfs.FileLockState
	vfs.FilePersistWAL
	vfs.FilePowersafeOverwrite
	vfs.FileSizeHint
	vfs.FileHasMoved
	vfs.FileSharedMemory
	vfs.FileMemoryMapper
}

// roomFile tells a lack of room from other failures to write.
type roomFile struct{ DriverFile }

func (f roomFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.DriverFile.WriteAt(p, off)
	return n, noRoom(err)
}

// noRoom tells SQLite what a failure to write is for.
func noRoom(err error) error {
	if disk.IsAny(err, disk.Exhausted) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return err
}

// DeviceCharacteristics leaves out the atomic writes of F2FS: they have methods of their own, which
// are not wrapped, and are for rollback journals, which a history does not have.
func (f roomFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return f.DriverFile.DeviceCharacteristics() &^ vfs.IOCAP_BATCH_ATOMIC
}
