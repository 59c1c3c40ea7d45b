//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// NoFollow opens no link, and waits for no pipe.
const NoFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// openLock opens the lock file at path. A link is not followed: a user who may make files in the
// directory could have this process write to another one.
func openLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|NoFollow, 0)
	if errors.Is(err, fs.ErrPermission) {
		file, err = os.OpenFile(path, os.O_RDONLY|NoFollow, 0)
	}
	if err != nil && isLink(path) {
		return nil, fmt.Errorf("the lock file is a link, and must be a file: remove the link (%w)", err)
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is a %s, and must be a file: remove it", path, kind(info))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// Flock takes a lock for as long as the file is open, or ErrLocked at once. A lock that the file
// has is given up first.
func Flock(file *os.File, exclusive bool) error {
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
			return ErrLocked
		default:
			return err
		}
	}
}

// inode returns the number that the file system has for a file. While the file is there, no other
// one has it.
func inode(info fs.FileInfo) uint64 {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return stat.Ino
}

// OtherLinks is how many names a file has in its file system beside one.
func OtherLinks(info fs.FileInfo) int {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return max(int(stat.Nlink)-1, 0)
}
