package disk

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
)

// A file may have several names: hard links, or a mount of the file alone. SQLite keeps a -wal and
// a -shm beside each, so two writers by two names know nothing of each other, and overwrite what
// the other one has committed. Hence each writer locks the byte of its name, in the file itself and
// far behind its end, and goes on only where no byte of another name is locked. A reader locks
// nothing, so that it stops nobody: it looks at these bytes before and after each view.
const (
	// gateByte is locked exclusively by a writer that looks and takes its own byte: of two that
	// come at once, one gets in.
	gateByte = 0x50000000
	// firstNameByte is the first of as many bytes as there are hashes of names.
	firstNameByte = gateByte + 1
	nameBytes     = 1 << 24
	endOfNames    = firstNameByte + nameBytes
)

// SameName says that two paths are one name of a file: symbolic links and mounts of directories
// lead from both to the same entry of the same directory. What SQLite has beside the file is one
// for both.
func SameName(a, b string) bool {
	nameA, errA := nameOf(a)
	nameB, errB := nameOf(b)
	return errA == nil && errB == nil && nameA.base == nameB.base &&
		os.SameFile(nameA.directory, nameB.directory)
}

// fileName is a name of a file.
type fileName struct {
	directory fs.FileInfo
	base      string // in small letters, since some file systems do not tell them from capital ones
}

func nameOf(path string) (fileName, error) {
	path, err := RealPath(path)
	if err != nil {
		return fileName{}, err
	}
	directory, err := os.Stat(filepath.Dir(path))
	return fileName{directory, smallLetters(filepath.Base(path))}, err
}

// smallLetters knows those of ASCII only, so that any program can do the same.
func smallLetters(text string) string {
	small := []byte(text)
	for i, c := range small {
		if 'A' <= c && c <= 'Z' {
			small[i] = c - 'A' + 'a'
		}
	}
	return string(small)
}

// nameByte is the byte of a name, by the numbers of its directory.
func nameByte(device, inode uint64, base string) int64 {
	hash := fnv.New64a()
	_, _ = hash.Write(binary.LittleEndian.AppendUint64(nil, device)) // it cannot fail
	_, _ = hash.Write(binary.LittleEndian.AppendUint64(nil, inode))
	_, _ = hash.Write([]byte(base))
	return firstNameByte + int64(hash.Sum64()%nameBytes)
}

// NameLock is the lock of a writer on the byte of its name. It ends when the file is closed, which
// is open for nothing else.
type NameLock struct {
	file *os.File
}

// Close gives the lock up. A second call does nothing.
func (l *NameLock) Close() error {
	if l == nil || l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// CheckName returns ErrOtherName where the file at path is open for writing under another name.
func CheckName(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	name := WatchName(path, file)
	return errors.Join(name.Check(), file.Close())
}

// OpenFile is a file with a descriptor.
type OpenFile interface {
	Fd() uintptr
	Stat() (fs.FileInfo, error)
}
