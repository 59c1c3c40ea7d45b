package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// quarantineInfix stands between the name of a history and the time at which it was found
	// damaged.
	quarantineInfix = ".damaged-"
	quarantineTime  = "20060102T150405Z"

	// SalvageSuffix makes the name of the folder beside a history in which what is left of a
	// damaged one is put together. One that is found was left by a process that was killed.
	SalvageSuffix = ".salvage"
)

// Quarantined lists the files that lie beside the history at path because it was found damaged, the
// oldest first. They are there until somebody takes them away.
//
// Errors: ErrNoPath, and those of the file system.
func Quarantined(path string) ([]string, error) {
	if path == "" {
		return nil, ErrNoPath
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if there, err := RealPath(path); err == nil {
		path = there
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrPermission) {
		return nil, nil // a user who may not look around there reads the history all the same
	}
	if err != nil {
		return nil, fmt.Errorf("look for damaged files: %w", err)
	}
	list := []string{}
	for _, entry := range entries { // in the order of names, and so of time
		name := filepath.Join(filepath.Dir(path), entry.Name())
		for _, suffix := range companions() {
			name = strings.TrimSuffix(name, suffix)
		}
		if strings.HasSuffix(name, SalvageSuffix) { // of one that is looked at
			continue
		}
		if strings.HasPrefix(name, path+quarantineInfix) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list, nil
}

// NameBeforeDamage returns the path that a damaged file had before it was moved aside, or "" where
// its name does not say so.
func NameBeforeDamage(path string) string {
	i := strings.LastIndex(path, quarantineInfix)
	if i < 0 || strings.ContainsRune(path[i:], os.PathSeparator) {
		return ""
	}
	return path[:i]
}

// RemoveQuarantined removes a damaged file that Quarantined lists, and what lies beside it.
//
// Errors: those of the file system.
func RemoveQuarantined(path string) error {
	// the file last: it says what the others belong to
	for _, suffix := range append(companions(), "") {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a damaged file: %w", err)
		}
	}
	return nil
}

// MayQuarantine says that what is at path was a history: it says so itself, or the lock file beside
// it does. Anything else that somebody has named by mistake stays where it is.
func MayQuarantine(path string, l *Lock) bool {
	if _, known := l.Mark(); known {
		return true
	}
	ours, err := IsHistory(path)
	return err == nil && ours
}

// MoveAside gives the file at path and what SQLite has put beside it a new name, with a moment in
// it. Without file the WAL and what else lies there goes alone: an empty file has nothing to save,
// and SQLite would delete a WAL that it finds beside one.
func MoveAside(path string, file bool, at time.Time) (string, error) {
	to := path + quarantineInfix + at.UTC().Format(quarantineTime)
	for n, name := 0, to; ; name = to + "-" + strconv.Itoa(n) {
		err := moveSet(path, name, file)
		if !errors.Is(err, fs.ErrExist) {
			return name, err
		}
		n++
	}
}

// moveSet moves the files of a history. A rename overwrites, so all names are taken first: that
// follows no link and finds out what is there already.
func moveSet(path, to string, file bool) (err error) {
	suffixes := append([]string{""}, companions()...)
	claimed, err := claim(to, suffixes)
	defer func() { err = errors.Join(err, removeAll(claimed)) }()
	if err != nil {
		return err
	}
	for _, suffix := range suffixes { // the file first: a WAL without a file is known for what it is
		if suffix == "" && !file {
			continue
		}
		err := os.Rename(path+suffix, to+suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		delete(claimed, to+suffix)
	}
	return SyncDirectory(filepath.Dir(path))
}

// claim makes empty files of these names.
func claim(base string, suffixes []string) (map[string]bool, error) {
	claimed := map[string]bool{}
	for _, suffix := range suffixes {
		file, err := os.OpenFile(base+suffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return claimed, err
		}
		claimed[base+suffix] = true
		if err := file.Close(); err != nil {
			return claimed, err
		}
	}
	return claimed, nil
}

func removeAll(names map[string]bool) error {
	var errs []error
	for name := range names {
		errs = append(errs, os.Remove(name))
	}
	return errors.Join(errs...)
}
