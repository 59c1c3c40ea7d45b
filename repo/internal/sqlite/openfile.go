package sqlite

import (
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// openFileOf finds the open file of a connection that reads. That of a writer is not found, nor has
// it to be watched: a writer has a lock.
func openFileOf(file any) disk.OpenFile {
	for {
		switch is := file.(type) {
		case disk.OpenFile:
			return is
		case *guardedFile:
			file = is.DriverFile
		case notingFile:
			file = is.DriverFile
		case vfs.FileUnwrap: // with which the driver sees to the page checksums of earlier versions
			file = is.Unwrap()
		default:
			return nil
		}
	}
}
