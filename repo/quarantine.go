package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// quarantine moves the damaged file at path aside, with what belongs to it, and leaves an empty one
// in its place. The caller has the lock alone. It does nothing, and returns nil, where another
// process has been faster.
func quarantine(path string, damaged fs.FileInfo, cause error) (*Quarantine, error) {
	now, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(now, damaged) {
		return nil, nil //nolint:nilnil // somebody else has done it
	}
	if err != nil {
		return nil, err
	}
	to, err := disk.MoveAside(path, now.Size() > 0, time.Now())
	if err != nil {
		return nil, cannotMove(cause, err)
	}
	if err := disk.MakeLike(path, now); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return &Quarantine{Path: to, Cause: cause}, nil
}

// Quarantine is a damaged history that has been moved aside, so that recording could go on in a new
// file.
type Quarantine struct {
	// Path is where the file is now, with its -wal and -shm beside it under the same name: what is
	// left can be read there.
	Path string
	// Cause is the damage.
	Cause error
}

// unmovable is damage of a file that cannot be moved aside.
type unmovable struct{ damage, reason error }

// cannotMove says once why a damaged file stays where it is, however often that was tried.
func cannotMove(damage, reason error) error {
	//nolint:errorlint // what is further in says something else
	if earlier, ok := damage.(*unmovable); ok {
		damage = earlier.damage
	}
	return &unmovable{damage, reason}
}

func (e *unmovable) Error() string {
	return fmt.Sprintf("%v, and cannot be moved aside: %v", e.damage, e.reason)
}

func (e *unmovable) Unwrap() []error { return []error{e.damage, e.reason} }

// Quarantined lists the files that lie beside the history at path because it was found damaged, the
// oldest first. They are there until somebody takes them away.
//
// Errors: ErrNoPath, and those of the file system.
func Quarantined(path string) ([]string, error) { return disk.Quarantined(path) }

// NameBeforeDamage returns the path that a damaged file had before it was moved aside, or "" where
// its name does not say so.
func NameBeforeDamage(path string) string { return disk.NameBeforeDamage(path) }

// RemoveQuarantined removes a damaged file that Quarantined lists, and what lies beside it.
//
// Errors: those of the file system.
func RemoveQuarantined(path string) error { return disk.RemoveQuarantined(path) }
