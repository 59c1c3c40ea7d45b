package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// Lost says that what is at the path is not the file of this writer: it was moved away or removed,
// or the writer could not be renewed. It looks at the path, and at nothing else.
func (w *Writer) Lost() bool {
	if w.gone {
		return true
	}
	now, err := os.Lstat(w.path) // a link that leads to the file by now is another name
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(now, w.file)
}

// renamed says that the file was moved away from its path, where now is nothing, or a link to it.
func (w *Writer) renamed() bool {
	now, err := os.Stat(w.path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && w.Lost() && os.SameFile(now, w.file)
}

// Ended says that the connection of this writer has ended, for want of memory, and nothing works
// until it has been renewed. The file is sound.
func (w *Writer) Ended() bool { return !w.gone && sqlite.HasEnded(w.conn) }

// unmounted says that the mount of the file is gone. It looks at the path, and where that leads to
// another file, at the directories above it.
func (w *Writer) unmounted() bool { return w.Lost() && w.place.IsUnmounted(w.path) }

// missing says why there is no file to write to, nil where there is one.
func (w *Writer) missing() error {
	switch {
	case w.unmounted():
		return ErrMountGone
	case !w.gone:
		return nil
	case errors.Is(w.failed, ErrMountGone):
		return w.failed
	default:
		return fmt.Errorf("%w, and there is no other one yet: %w", ErrDamaged, w.failed)
	}
}

// FollowMode gives what lies beside the file the permissions that somebody has given the file
// since: the WAL has the same content. It looks at the file, and at nothing else as a rule.
func (w *Writer) FollowMode() {
	now, err := os.Stat(w.path)
	if w.gone || err != nil || !os.SameFile(now, w.file) || now.Mode() == w.file.Mode() {
		return
	}
	w.file = now
	disk.GiveMode(w.path, now.Mode().Perm())
}
