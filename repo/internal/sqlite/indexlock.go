package sqlite

import (
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// unlockIndex gives up the locks that a connection has on its index.
func unlockIndex(file vfs.File) error {
	shared, ok := file.(vfs.FileSharedMemory)
	if !ok {
		return nil
	}
	index, ok := shared.SharedMemory().(interface{ Fd() uintptr })
	if !ok {
		return nil
	}
	return disk.UnlockFile(index.Fd())
}
