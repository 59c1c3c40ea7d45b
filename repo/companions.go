package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// companions are what SQLite puts after the name of a database for the files that belong to it.
func companions() []string { return []string{"-wal", "-shm", "-journal"} }

// areFiles refuses what lies at the name of a companion and is no file: a pipe would be waited for,
// and what a link leads to written to. SQLite says neither.
func areFiles(path string) error {
	for _, suffix := range companions() {
		info, err := os.Lstat(path + suffix)
		if err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%s is a %s, and must be a file: remove it", path+suffix, kind(info))
		}
	}
	return nil
}

func kind(info fs.FileInfo) string {
	switch info.Mode().Type() {
	case fs.ModeSymlink:
		return "link"
	case fs.ModeDir:
		return "directory"
	case fs.ModeNamedPipe:
		return "pipe"
	default:
		return "device or socket"
	}
}

// makeCompanions makes what SQLite would make beside a file in WAL mode with other permissions: the
// -shm, which it lets everybody read, and of somebody else's file the -wal, too, which would be
// ours: a look at a history by root would lock its owner out. They get the permissions and the
// owner of the file. One that is not in WAL mode gets them if a writer is about to switch it.
//
// What cannot be made here is left to SQLite, which says so if it cannot do without.
func makeCompanions(path string, switching bool) error {
	h, err := readHeader(path)
	if err != nil || !h.inWALMode() && !switching {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if ownedByAnother(info) {
		return makeAllLike(info, path+"-wal", path+"-shm")
	}
	return makeAllLike(info, path+"-shm")
}

// completeWAL makes the -shm of somebody else's WAL, where that is missing, for the same reason.
func completeWAL(path string) error {
	info, err := os.Stat(path)
	if err != nil || !ownedByAnother(info) {
		return err
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		return nil //nolint:nilerr // nothing to complete
	}
	return makeAllLike(info, path+"-shm")
}

// makeAllLike makes what can be made here and is not there.
func makeAllLike(like fs.FileInfo, paths ...string) error {
	for _, path := range paths {
		err := makeLike(path, like)
		if err != nil && !isForbidden(err) && !isAny(err, exhausted) && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// FollowMode gives what lies beside the file the permissions that somebody has given the file
// since: the WAL has the same content. It looks at the file, and at nothing else as a rule.
func (w *Writer) FollowMode() {
	now, err := os.Stat(w.path)
	if w.gone || err != nil || !os.SameFile(now, w.file) || now.Mode() == w.file.Mode() {
		return
	}
	w.file = now
	for _, suffix := range append(companions(), lockSuffix) {
		file, err := os.OpenFile(w.path+suffix, os.O_RDONLY|noFollow, 0)
		if err != nil {
			continue // it is not there, or not this user's
		}
		_ = setMode(file, now.Mode().Perm())
		_ = file.Close()
	}
}

// errLocksOut says that what SQLite needs beside a file would lock its owner out.
var errLocksOut = errors.New("nobody has it open, and then only its owner, its group if that may " +
	"write it, and root may open it: " +
	"the -wal and -shm of anybody else would lock its owner out")

// makeLike makes an empty file with the permissions and the owner of another one.
func makeLike(path string, like fs.FileInfo) error {
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
