//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package repo

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openLock opens the lock file at path. A link is not followed: whoever may make files in the directory could have this
// process write to another one.
func openLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrPermission) {
		return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	}
	return file, err
}

// flock takes a lock for as long as the file is open, or errLocked at once. A lock that the file has is given up first.
func flock(file *os.File, exclusive bool) error {
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errLocked
		default:
			return err
		}
	}
}
