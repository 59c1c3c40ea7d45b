package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// An index is made of pieces of 32 KiB. The first one begins with two copies of a head, by which
// SQLite knows that it is sound. The second half of each is a hash table of 16-bit numbers: one for
// each of the frames of the WAL that the piece is for, and zeros.
const (
	IndexSuffix  = "-shm"
	indexPiece   = 32 << 10
	indexHead    = 48
	framesOffset = 16   // where the head says how many frames there are
	firstFrames  = 4062 // of the first piece
	otherFrames  = 4096 // of any other

	// longestIndex is that of a WAL of several GiB. What is longer was not made by SQLite, and is
	// not read into memory.
	longestIndex = 64 << 20
)

// ErrIndex is of a connection that cannot look at its index any more. The file itself is sound.
var ErrIndex = fmt.Errorf("%w: its index (-shm) was cut off or cannot be read", ErrDamaged)

// MendIndex has an index rebuilt if a part was cut off, and says so by ErrIndex. The next process
// to map it fills it up with zeros: below a sound head they say that nothing is in the WAL.
func MendIndex(path string) error {
	if !Exists(path + "-wal") {
		return nil // then it says nothing, and the first process to open it empties it
	}
	index, err := readIndex(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !isHollow(index):
		return nil
	case err != nil && !errors.Is(err, ErrIndex):
		return err
	default:
		return errors.Join(ErrIndex, BeheadIndex(path))
	}
}

// readIndex reads an index at once: what others write to it meanwhile would not fit together. It
// returns ErrIndex for one that cannot be read, and not where it cannot be opened, for want of
// descriptors perhaps.
func readIndex(path string) ([]byte, error) {
	file, err := os.OpenFile(path+IndexSuffix, os.O_RDONLY|NoFollow, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() > longestIndex {
		return nil, err
	}
	index := make([]byte, info.Size())
	n, err := file.ReadAt(index, 0)
	if err := sqlitefile.Ended(err); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrIndex, err)
	}
	return index[:n], nil
}

// isHollow says that an index lacks a part.
func isHollow(index []byte) bool {
	if len(index)%indexPiece != 0 {
		return true
	}
	if len(index) == 0 || !bytes.Equal(index[:indexHead], index[indexHead:2*indexHead]) {
		return false // SQLite rebuilds it
	}
	frames := int(binary.LittleEndian.Uint32(index[framesOffset:]))
	room := firstFrames
	for piece := range slices.Chunk(index, indexPiece) {
		if usedSlots(piece[indexPiece/2:]) < min(frames, room) {
			return true
		}
		frames -= min(frames, room)
		room = otherFrames
	}
	return frames > 0
}

// usedSlots is how many numbers of a hash table are not 0.
func usedSlots(table []byte) int {
	used := 0
	for slot := range slices.Chunk(table, 2) {
		if slot[0] != 0 || slot[1] != 0 {
			used++
		}
	}
	return used
}

// BeheadIndex has SQLite rebuild the index from the WAL at its next reader, under SQLite's own
// locks. It stays the same file, which has the locks of all who have it open.
func BeheadIndex(path string) error {
	index, err := os.OpenFile(path+IndexSuffix, os.O_WRONLY|NoFollow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = index.WriteAt(make([]byte, 2*indexHead), 0)
	return errors.Join(err, index.Close())
}

// WatchedIndex is the index that a connection looks at.
type WatchedIndex struct {
	Path string
	was  fs.FileInfo // nil if there is none
}

// WatchIndex begins to look at the index of the file at path.
func WatchIndex(path string) WatchedIndex {
	was, _ := os.Stat(path + IndexSuffix)
	return WatchedIndex{path, was}
}

// Changed says that the index has been cut off since, or that a writer has made another one, in
// which is what others write from then on. It only grows while somebody has it open.
func (w *WatchedIndex) Changed() bool {
	is, err := os.Stat(w.Path + IndexSuffix)
	if err != nil {
		return false // removed: the processes that have it open share it still
	}
	was := w.was
	w.was = is
	if was == nil || os.SameFile(was, is) && is.ModTime().Equal(was.ModTime()) &&
		is.Size() == was.Size() {
		return false
	}
	if !os.SameFile(was, is) || is.Size() < was.Size() {
		return true
	}
	// A connection that opens an index which was cut off fills it up, and has it rebuilt a moment
	// later. A transaction in between would not see what is in the WAL.
	index, err := readIndex(w.Path)
	return err == nil && isHollow(index)
}

// Opened says that the connection has the index that is there now. The first to open one empties
// it.
func (w *WatchedIndex) Opened() bool {
	was := w.was
	*w = WatchIndex(w.Path)
	return was == nil || w.was == nil || os.SameFile(was, w.was)
}

// DropIndex removes the index of the WAL: a damaged one makes a sound file look damaged, and SQLite
// rebuilds it from the WAL. Nobody writes the file; a reader keeps what was removed.
func DropIndex(path string) error {
	if err := os.Remove(path + "-shm"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
