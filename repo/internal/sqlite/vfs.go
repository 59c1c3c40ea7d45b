package sqlite

import (
	"fmt"
	"sync"

	"github.com/ncruces/go-sqlite3/vfs"
)

// registerVFSs tells the driver of the VFSs of readers and of writers, once.
var registerVFSs = sync.OnceValue(func() error {
	own, ok := vfs.Find("").(vfs.VFSFilename)
	if !ok {
		return fmt.Errorf("the driver's VFS is a %T, which opens no files by their names", vfs.Find(""))
	}
	vfs.Register(readerVFSName, readerVFS{own})
	if faulty, ok := vfs.Find(FaultVFS).(vfs.VFSFilename); ok {
		vfs.Register(writerVFSName, writerVFS{faulty})
		return nil
	}
	vfs.Register(writerVFSName, writerVFS{namesVFS{own}})
	return nil
})
