package disk

import (
	"errors"
	"io/fs"
	"os"
)

// makeAllLike makes what can be made here and is not there.
func makeAllLike(like fs.FileInfo, paths ...string) error {
	for _, path := range paths {
		err := MakeLike(path, like)
		if err != nil && !IsForbidden(err) && !IsAny(err, Exhausted) && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// errLocksOut says that what SQLite needs beside a file would lock its owner out.
var errLocksOut = errors.New("nobody has it open, and then only its owner, its group if that may " +
	"write it, and root may open it: " +
	"the -wal and -shm of anybody else would lock its owner out")

// MakeLike makes an empty file with the permissions and the owner of another one.
func MakeLike(path string, like fs.FileInfo) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, like.Mode().Perm())
	if err != nil {
		return err
	}
	err = errors.Join(setMode(file, like.Mode().Perm()), chownLike(file, like))
	if err == nil {
		err = serves(file, like)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(path))
	}
	return errors.Join(err, file.Close())
}

// setMode gives a file of this process permissions. Where it may not, on a file system that has
// none of its own (vfat, exFAT, shared folders), the file keeps those that it was made with.
func setMode(file *os.File, mode fs.FileMode) error { return unlessRefused(file.Chmod(mode)) }

// unlessRefused is the error of a change of permissions or of the owner, but for that of a file
// system that knows no such change, or not by this user.
func unlessRefused(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// GiveMode gives what lies beside the file at path the permissions of that. What is not there, or
// not this user's, keeps its own.
func GiveMode(path string, mode fs.FileMode) {
	for _, suffix := range append(companions(), lockSuffix) {
		file, err := os.OpenFile(path+suffix, os.O_RDONLY|NoFollow, 0)
		if err != nil {
			continue
		}
		_ = setMode(file, mode)
		_ = file.Close()
	}
}
