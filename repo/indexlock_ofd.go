//go:build darwin || linux

package repo

import (
	"syscall"

	"github.com/ncruces/go-sqlite3/vfs"
)

// unlockIndex gives up the locks that a connection has on its index. They belong to the open file:
// to close it does not end them as long as it is mapped into memory.
func unlockIndex(file vfs.File) error {
	shared, ok := file.(vfs.FileSharedMemory)
	if !ok {
		return nil
	}
	index, ok := shared.SharedMemory().(interface{ Fd() uintptr })
	if !ok {
		return nil
	}
	return setLock(index.Fd(), syscall.F_UNLCK, 0, 0) // the whole file
}
