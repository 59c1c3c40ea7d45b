//go:build !darwin && !linux

package disk

import (
	"context"
	"io/fs"
)

// LockName locks nothing: here a lock belongs to the process, and ends when that closes the file,
// whatever it was open for.
func LockName(context.Context, string, fs.FileInfo) (*NameLock, error) { return &NameLock{}, nil }

// WatchedName sees nothing where nobody locks names.
type WatchedName struct{}

// WatchName has nothing to watch.
func WatchName(string, OpenFile) WatchedName { return WatchedName{} }

// UnlockFile has nothing to do: to close a file ends its locks.
func UnlockFile(uintptr) error { return nil }

// Check finds no other name.
func (*WatchedName) Check() error { return nil }

// Written is not known there.
func (*WatchedName) Written() bool { return false }

// IsOpen sees only writers of this program, by their lock file.
func IsOpen(string) bool { return false }
