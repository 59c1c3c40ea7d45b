package sqlite

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// journals are the files whose names have to be on the disk with their content.
const journals = vfs.OPEN_MAIN_JOURNAL | vfs.OPEN_WAL

// namesVFS is the driver's own VFS, except that it brings the name of a new WAL to the disk by
// disk.SyncDirectory: the driver takes a filesystem that cannot do that (CIFS, some shared folders)
// for a broken disk.
type namesVFS struct{ vfs.VFSFilename }

// OpenFilename opens a file of the database. The name of a file that the driver finds there it does
// not care for.
func (v namesVFS) OpenFilename(
	name *vfs.Filename, flags vfs.OpenFlag,
) (vfs.File, vfs.OpenFlag, error) {
	if flags&vfs.OPEN_CREATE == 0 || flags&journals == 0 || !makeEmpty(name.String()) {
		return v.VFSFilename.OpenFilename(name, flags)
	}
	file, got, err := v.VFSFilename.OpenFilename(name, flags&^vfs.OPEN_CREATE)
	if err != nil {
		return nil, got, err
	}
	own, ok := file.(DriverFile)
	if !ok {
		return nil, got, errors.Join(errFile(file), file.Close())
	}
	return &newJournal{DriverFile: own, directory: filepath.Dir(name.String())}, got, nil
}

// makeEmpty says that there is a file, an empty one if there was none. Why there is none the driver
// finds out, too.
func makeEmpty(path string) bool {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|disk.NoFollow, 0o600)
	return err == nil && file.Close() == nil
}

// newJournal is a file whose name may not be on the disk yet.
type newJournal struct {
	DriverFile
	directory string // "" once the name is there
}

// Sync brings to the disk what was written and, with the first write, the name.
func (j *newJournal) Sync(flags vfs.SyncFlag) error {
	if err := j.DriverFile.Sync(flags); err != nil || j.directory == "" {
		return err
	}
	if err := disk.SyncDirectory(j.directory); err != nil {
		return err
	}
	j.directory = ""
	return nil
}
