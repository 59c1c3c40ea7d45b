package disk

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// SyncDirectory brings the names in a directory to the disk, where system and filesystem know how,
// and this process may read the directory. SQLite lets that pass, too: there is nothing else to be
// done.
func SyncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	directory, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	err = directory.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, directory.Close())
}
