//go:build darwin || linux

package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/ncruces/go-sqlite3/vfs"
)

// lockName locks the byte of the name that path is for a file. A file system without such locks
// keeps nobody from writing.
//
// Errors: ErrOtherName, errReplaced, that of ctx, and those of the file system.
func lockName(ctx context.Context, path string, is fs.FileInfo) (*nameLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|noFollow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (%w)", errReplaced, err)
	}
	if err != nil {
		return nil, err
	}
	own, ok := ownByte(path)
	now, err := file.Stat()
	switch {
	case err != nil:
	case !ok || !os.SameFile(now, is):
		err = errReplaced
	default:
		err = takeName(ctx, file.Fd(), own)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &nameLock{file}, nil
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

// isOpen says that somebody has locked any part of a file: whoever has a history open does.
func isOpen(path string) bool {
	file, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
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

// setLock sets a lock that belongs to an open file, and not to the process, or returns errLocked.
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
			return errLocked
		default:
			return err
		}
	}
}

// openFile is a file with a descriptor.
type openFile interface {
	Fd() uintptr
	Stat() (fs.FileInfo, error)
}

// watchedName is the name by which a connection reads a file.
type watchedName struct {
	file    openFile // nil where there is nothing to watch
	own     int64
	changed time.Time // when the file was, the last time that somebody asked
}

// watchName watches a file that was opened by path.
func watchName(path string, file any) watchedName {
	own, ok := ownByte(path)
	if !ok {
		return watchedName{}
	}
	w := watchedName{file: openFileOf(file), own: own}
	w.written()
	return w
}

// check returns ErrOtherName where a writer has the file open under another name.
func (w *watchedName) check() error {
	if w.file != nil && isElsewhere(w.file.Fd(), w.own) {
		return ErrOtherName
	}
	return nil
}

// written says that somebody has written to the file since this was last asked.
func (w *watchedName) written() bool {
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

// openFileOf finds the open file of a connection that reads. That of a writer is not found, nor has
// it to be watched: a writer has a lock.
func openFileOf(file any) openFile {
	for {
		switch is := file.(type) {
		case openFile:
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
