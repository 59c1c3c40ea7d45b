package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// place says where the directory of a history is, by the numbers of devices. 0 is not known.
type place struct {
	device uint64 // of the directory, or of the next one above it where that was removed
	under  uint64 // of what that is mounted on, the device itself where it is the root
}

func placeOf(path string) place {
	var p place
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		device, err := deviceOf(dir)
		switch {
		case p.device == 0 && errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return p
		case p.device == 0:
			p = place{device, device}
		case device != p.device:
			p.under = device
			return p
		}
		if dir == filepath.Dir(dir) {
			return p
		}
	}
}

// isUnmounted says that a history which was in this place has gone with its mount: path leads
// elsewhere. A device that is mounted again may have another number by then, and something new may
// be mounted over the directory: a file that is there is to be opened, unless it lies on what was
// under the mount, where it was hidden.
func (p place) isUnmounted(path string) bool {
	now := placeOf(path)
	switch {
	case p.device == 0, now.device == 0, now.device == p.device, now.under == p.device:
		return false
	case now.device == p.under:
		return true
	default:
		return !isThere(path)
	}
}

// unmounted says that the mount of the file is gone. It looks at the path, and where that leads to
// another file, at the directories above it.
func (w *Writer) unmounted() bool { return w.Lost() && w.place.isUnmounted(w.path) }

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

// abandon closes a file whose mount is gone, which lets that go, too. It leaves the WAL as it is:
// the file may be in use at another place by now.
func (w *Writer) abandon() error {
	if w.gone {
		return nil
	}
	w.gone = true
	_ = w.close() // a medium that was pulled out says what it likes
	return w.unlock()
}

// letGoOrAbandon makes room for the file that is at the path, or returns ErrMountGone where none
// may be made there.
func (w *Writer) letGoOrAbandon(damage error) error {
	if w.unmounted() {
		return errors.Join(ErrMountGone, w.abandon())
	}
	if err := w.letGo(damage); err != nil {
		return err
	}
	if w.unmounted() { // meanwhile: a medium that was pulled out looks damaged before that
		return ErrMountGone
	}
	return nil
}
