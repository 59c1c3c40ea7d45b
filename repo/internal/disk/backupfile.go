package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// BackupPath returns the absolute path of dest, where a backup of the history at path may be made.
func BackupPath(dest, path string) (string, error) {
	if dest == "" {
		return "", ErrNoPath
	}
	dest, err := filepath.Abs(dest)
	if err != nil {
		return "", err
	}
	if err := mustBeFree(dest, path); err != nil {
		return "", err
	}
	for _, suffix := range companions() {
		if base, ok := strings.CutSuffix(dest, suffix); ok && Exists(base) {
			return "", fmt.Errorf("%s: SQLite would take a file of this name for a part of %s: name "+
				"another file", dest, base)
		}
		if Exists(dest + suffix) {
			return "", fmt.Errorf("%s: %w: SQLite would take it for a part of the backup: remove it, or "+
				"name another file",
				dest+suffix, fs.ErrExist)
		}
	}
	_, err = os.Stat(filepath.Dir(dest))
	return dest, err
}

// mustBeFree refuses a name that is taken, if only by a link that leads nowhere.
func mustBeFree(dest, path string) error {
	info, err := os.Lstat(dest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s: %w", dest, ErrDirectory)
	case dest == path:
		return fmt.Errorf("%w: it is the history itself, name another file", fs.ErrExist)
	case isSame(dest, path):
		return fmt.Errorf("%s: %w: it is the history itself, name another file", dest, fs.ErrExist)
	default:
		return taken(dest)
	}
}

func taken(dest string) error {
	return fmt.Errorf("%s: %w: a backup overwrites nothing, name another file", dest, fs.ErrExist)
}

// UnnamedFile is a file that does not have its name yet.
type UnnamedFile struct{ file *os.File }

// CreateUnnamed makes an empty file in the directory of dest that only its owner may read. Its name
// is new: a link that somebody has put there is not followed.
func CreateUnnamed(dest string) (*UnnamedFile, error) {
	file, err := os.CreateTemp(filepath.Dir(dest), unnamedPattern)
	if err != nil {
		return nil, err
	}
	removeStale(file)
	return &UnnamedFile{file}, nil
}

const (
	// unnamedPattern is that of the names of backups which are not complete yet.
	unnamedPattern = ".wanstore-backup-*"
	// stale is the time after which nobody is making a backup any more that has not been written
	// to: the check at its end, which only reads, takes a second for each hundred megabytes.
	stale = time.Hour
)

// removeStale removes the incomplete backups that processes which were killed have left beside a
// new one. Their age is counted from the time that the file system gave the new one. What cannot be
// removed is no reason to make no backup.
func removeStale(made *os.File) {
	own, err := made.Stat()
	if err != nil {
		return
	}
	directory := filepath.Dir(made.Name())
	entries, err := os.ReadDir(directory)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if like, err := filepath.Match(unnamedPattern, entry.Name()); err != nil || !like {
			continue
		}
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && own.ModTime().Sub(info.ModTime()) > stale {
			_ = os.Remove(filepath.Join(directory, entry.Name()))
		}
	}
}

// Path is where the file is until it has its name.
func (u *UnnamedFile) Path() string { return u.file.Name() }

// Size is how many bytes the file has.
func (u *UnnamedFile) Size() (int64, error) {
	info, err := u.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Settle gives the file its permissions and brings it to the disk. SQLite has opened it by its name
// meanwhile: if that leads somewhere else by now, the file is not what it has written.
func (u *UnnamedFile) Settle(mode os.FileMode) error {
	ours, err := u.file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(u.Path())
	if err != nil {
		return err
	}
	if !os.SameFile(ours, named) {
		return fmt.Errorf("%s: somebody has put another file there", u.Path())
	}
	if err := setMode(u.file, mode); err != nil {
		return err
	}
	return u.file.Sync()
}

// Publish gives the file its name, unless that has been taken meanwhile. It blocks until the name
// is on the disk.
func (u *UnnamedFile) Publish(dest string) error {
	err := os.Link(u.Path(), dest)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = renameNew(u.Path(), dest)
	}
	if errors.Is(err, fs.ErrExist) {
		return taken(dest)
	}
	if err != nil {
		return err
	}
	if err := SyncDirectory(filepath.Dir(dest)); err != nil {
		return errors.Join(err, os.Remove(dest))
	}
	return nil
}

// renameNew is for file systems without links, such as those of USB sticks. A rename overwrites, so
// the name is taken first: it stands for an empty file for a moment.
func renameNew(from, to string) error {
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

// Close closes the file and takes the name away that it was made under.
func (u *UnnamedFile) Close() error {
	closed := u.file.Close()
	err := os.Remove(u.Path())
	if errors.Is(err, fs.ErrNotExist) { // it has been renamed
		err = nil
	}
	return errors.Join(closed, err)
}
