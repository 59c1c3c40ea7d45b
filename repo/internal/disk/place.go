package disk

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Place says where the directory of a history is, by the numbers of devices. 0 is not known.
type Place struct {
	device uint64 // of the directory, or of the next one above it where that was removed
	under  uint64 // of what that is mounted on, the device itself where it is the root
}

// PlaceOf returns the place of the directory that path is in.
func PlaceOf(path string) Place {
	var p Place
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		device, err := deviceOf(dir)
		switch {
		case p.device == 0 && errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return p
		case p.device == 0:
			p = Place{device, device}
		case device != p.device:
			p.under = device
			return p
		}
		if dir == filepath.Dir(dir) {
			return p
		}
	}
}

// IsUnmounted says that a history which was in this place has gone with its mount: path leads
// elsewhere. A device that is mounted again may have another number by then, and something new may
// be mounted over the directory: a file that is there is to be opened, unless it lies on what was
// under the mount, where it was hidden.
func (p Place) IsUnmounted(path string) bool {
	now := PlaceOf(path)
	switch {
	case p.device == 0, now.device == 0, now.device == p.device, now.under == p.device:
		return false
	case now.device == p.under:
		return true
	default:
		return !Exists(path)
	}
}
