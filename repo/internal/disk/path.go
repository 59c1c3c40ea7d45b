package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The permissions of what is made: the history is there for its group to read.
const (
	DirectoryMode = 0o750
	fileMode      = 0o640
)

// Create makes the file and its directory, if they are not there.
func Create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), DirectoryMode); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return err
	}
	return file.Close()
}

// RealPath is where a file really is: SQLite keeps the WAL beside that, and not beside a link.
func RealPath(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// CheckFile refuses what cannot be a database, without opening it as one.
func CheckFile(path string) error {
	if path == "" {
		return ErrNoPath
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Reword(fmt.Errorf("%w (%w)", ErrMissing, err), ErrMissing.Error())
	case err != nil:
		return err
	case info.IsDir():
		return ErrDirectory
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: not even a regular file", ErrNotDatabase)
	default:
		return nil
	}
}

// Size is how many bytes the file at path has, 0 where there is none.
func Size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Exists says that there is anything at path, if only a link that leads nowhere.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func isSame(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
