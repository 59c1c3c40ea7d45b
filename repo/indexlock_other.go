//go:build !darwin && !linux

package repo

import "github.com/ncruces/go-sqlite3/vfs"

// unlockIndex has nothing to do: to close an index ends its locks.
func unlockIndex(vfs.File) error { return nil }
