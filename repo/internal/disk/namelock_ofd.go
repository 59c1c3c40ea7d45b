//go:build darwin || linux

package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"
)

// LockName locks the byte of the name that path is for a file. A file system without such locks
// keeps nobody from writing.
//
// Errors: ErrOtherName, ErrReplaced, that of ctx, and those of the file system.
func LockName(ctx context.Context, path string, is fs.FileInfo) (*NameLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|NoFollow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (%w)", ErrReplaced, err)
	}
	if err != nil {
		return nil, err
	}
	own, ok := ownByte(path)
	now, err := file.Stat()
	switch {
	case err != nil:
	case !ok || !os.SameFile(now, is):
		err = ErrReplaced
	default:
		err = takeName(ctx, file.Fd(), own)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &NameLock{file}, nil
}

// gatePatience is how long a writer waits for the gate, which is held for a moment.
const gatePatience = 200 * time.Millisecond

// takeName looks twice: first, so that nobody sees the byte of a writer that is refused, and once
// it has the byte, since it goes on without the gate where somebody keeps that.
func takeName(ctx context.Context, file uintptr, own int64) error {
	limited, cancel := context.WithTimeout(ctx, gatePatience)
	defer cancel()
	open := untilUnlocked(limited, func() error {
		return setLock(file, syscall.F_WRLCK, gateByte, 1)
	})
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if open == nil {
		defer func() { _ = setLock(file, syscall.F_UNLCK, gateByte, 1) }() // or the close does it
	}
	if isElsewhere(file, own) {
		return ErrOtherName
	}
	if setLock(file, syscall.F_RDLCK, own, 1) == nil && isElsewhere(file, own) {
		return ErrOtherName
	}
	return nil
}

// ownByte is the byte of the name that path is.
func ownByte(path string) (own int64, ok bool) {
	name, err := nameOf(path)
	if err != nil {
		return 0, false
	}
	directory, ok := name.directory.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	device := uint64(directory.Dev) //nolint:unconvert // each system has its own type
	return nameByte(device, directory.Ino, name.base), true
}

// isElsewhere says that a writer has locked the byte of another name.
func isElsewhere(file uintptr, own int64) bool {
	return isNamed(file, firstNameByte, own) || isNamed(file, own+1, endOfNames)
}

// isNamed says that one of these bytes is locked as writers do it, one by itself: other programs
// may lock a whole file for reasons of their own.
func isNamed(file uintptr, from, until int64) bool {
	if from == until {
		return false // which fcntl takes for all there is
	}
	lock := lockOn(file, from, until-from)
	return lock.Type == syscall.F_RDLCK && lock.Len == 1
}

// IsOpen says that somebody has locked any part of a file: whoever has a history open does.
func IsOpen(path string) bool {
	file, err := os.OpenFile(path, os.O_RDONLY|NoFollow, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	return lockOn(file.Fd(), 0, 0).Type != syscall.F_UNLCK
}

// lockOn is what somebody has locked of these bytes, F_UNLCK if nobody has or that is not known.
func lockOn(file uintptr, start, length int64) syscall.Flock_t {
	for {
		lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: start, Len: length}
		err := syscall.FcntlFlock(file, syscall.F_GETLK, &lock)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return syscall.Flock_t{Type: syscall.F_UNLCK}
		default:
			return lock
		}
	}
}

// UnlockFile gives up the locks that an open file has. To close it does not end them as long as it
// is mapped into memory.
func UnlockFile(file uintptr) error { return setLock(file, syscall.F_UNLCK, 0, 0) }

// setLock sets a lock that belongs to an open file, and not to the process, or returns ErrLocked.
func setLock(file uintptr, kind int16, start, length int64) error {
	set := 37 // F_OFD_SETLK
	if runtime.GOOS == "darwin" {
		set = 90
	}
	for {
		lock := syscall.Flock_t{Type: kind, Start: start, Len: length}
		err := syscall.FcntlFlock(file, set, &lock)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EACCES):
			return ErrLocked
		default:
			return err
		}
	}
}

// WatchedName is the name by which a connection reads a file.
type WatchedName struct {
	file    OpenFile // nil where there is nothing to watch
	own     int64
	changed time.Time // when the file was, the last time that somebody asked
}

// WatchName watches a file that was opened by path.
func WatchName(path string, file OpenFile) WatchedName {
	own, ok := ownByte(path)
	if !ok {
		return WatchedName{}
	}
	w := WatchedName{file: file, own: own}
	w.Written()
	return w
}

// Check returns ErrOtherName where a writer has the file open under another name.
func (w *WatchedName) Check() error {
	if w.file != nil && isElsewhere(w.file.Fd(), w.own) {
		return ErrOtherName
	}
	return nil
}

// Written says that somebody has written to the file since this was last asked.
func (w *WatchedName) Written() bool {
	if w.file == nil {
		return false
	}
	now, err := w.file.Stat()
	if err != nil {
		return true
	}
	before := w.changed
	w.changed = now.ModTime()
	return !w.changed.Equal(before)
}
