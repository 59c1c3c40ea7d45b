package disk

import (
	"fmt"
	"io/fs"
	"os"
)

// companions are what SQLite puts after the name of a database for the files that belong to it.
func companions() []string { return []string{"-wal", "-shm", "-journal"} }

// AreFiles refuses what lies at the name of a companion and is no file: a pipe would be waited for,
// and what a link leads to written to. SQLite says neither.
func AreFiles(path string) error {
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

// MakeCompanions makes what SQLite would make beside a file in WAL mode with other permissions: the
// -shm, which it lets everybody read, and of somebody else's file the -wal, too, which would be
// ours: a look at a history by root would lock its owner out. They get the permissions and the
// owner of the file. One that is not in WAL mode gets them if a writer is about to switch it.
//
// What cannot be made here is left to SQLite, which says so if it cannot do without.
func MakeCompanions(path string, switching bool) error {
	h, err := ReadHeader(path)
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

// CompleteWAL makes the -shm of somebody else's WAL, where that is missing, for the same reason.
func CompleteWAL(path string) error {
	info, err := os.Stat(path)
	if err != nil || !ownedByAnother(info) {
		return err
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		return nil //nolint:nilerr // nothing to complete
	}
	return makeAllLike(info, path+"-shm")
}
