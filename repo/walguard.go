package repo

import (
	"encoding/binary"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// guardedWAL checks each page that is read of a WAL against the checksum of its frame. SQLite
// itself does that only when it takes a WAL over that somebody else has left; later a flipped bit
// would be just another value, and the hole of a WAL that somebody has cut off a page of zeros,
// which a checkpoint would write to the file.
type guardedWAL struct {
	DriverFile
	pageSize int64              // of the pages in it, 0 if that is not known
	header   int64              // where the header was written that is still without its page
	unsummed map[int64]struct{} // pages written here whose frames have no sum of theirs yet
	page     int64              // the number of the page that was read last, 0 if that is not known
}

func newGuardedWAL(file DriverFile) *guardedWAL {
	return &guardedWAL{DriverFile: file, unsummed: map[int64]struct{}{}}
}

// ReadAt reads a page only as it was written.
func (w *guardedWAL) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.DriverFile.ReadAt(p, off)
	w.page = 0
	if !w.isPage(p, off) {
		return n, err
	}
	if _, unsummed := w.unsummed[off]; unsummed {
		return n, err
	}
	if n < len(p) || !w.fits(p, off) {
		return 0, vfs.SystemError(errFrame, sqlite3.IOERR_DATA)
	}
	return n, err
}

// isPage says that what is read is a page. Whoever begins a WAL settles how large its pages are,
// and that may be another program; a connection that was opened before the file had any reads them
// in another size at first.
func (w *guardedWAL) isPage(p []byte, off int64) bool {
	if !isPageSize(len(p)) {
		return false
	}
	if int64(len(p)) != w.pageSize {
		w.learn()
	}
	return int64(len(p)) == w.pageSize && w.startsPage(off)
}

// learn reads in the header how large the pages are.
func (w *guardedWAL) learn() {
	var start [walHeaderBytes]byte
	_, _ = w.DriverFile.ReadAt(start[:], 0) // one that is too short has no pages
	w.learnFrom(start[:])
}

func (w *guardedWAL) learnFrom(start []byte) {
	w.pageSize = 0
	if header, ok := parseWALHeader(start); ok {
		w.pageSize = int64(header.pageSize)
	}
}

// WriteAt notes which pages have no sum yet. Where a transaction that is larger than the cache
// changes a page once more that is in the WAL already, SQLite writes it in its place without the
// header of its frame, leaves the sums out from there on, and writes them all when it commits.
// Nobody else reads those pages before.
func (w *guardedWAL) WriteAt(p []byte, off int64) (int, error) {
	switch {
	case off == 0 && len(p) == walHeaderBytes:
		w.learnFrom(p)
	case w.pageSize == 0:
		w.learn()
	}
	page := off + frameHeaderBytes
	switch {
	case w.startsPage(page):
		w.header = off
		if lacksSum(p) {
			w.unsummed[page] = struct{}{}
		} else {
			delete(w.unsummed, page)
		}
	case w.startsPage(off):
		if w.header != off-frameHeaderBytes {
			w.unsummed[off] = struct{}{}
		}
		w.header = 0 // the next time that this page is written is once more
	}
	return w.DriverFile.WriteAt(p, off)
}

// lacksSum says that a frame has the header of one whose sum is still to be made: behind its numbers are zeros.
func lacksSum(header []byte) bool {
	return len(header) == frameHeaderBytes && [frameHeaderBytes - 8]byte(header[8:]) == [frameHeaderBytes - 8]byte{}
}

// startsPage says that a page of the WAL is at an offset.
func (w *guardedWAL) startsPage(off int64) bool {
	if off <= walHeaderBytes || w.pageSize == 0 {
		return false
	}
	return (off-walHeaderBytes)%frameBytes(w.pageSize) == frameHeaderBytes
}

// fits says that a page has the checksum of its frame, which goes on from the one before. There is no page 0: where the number
// is missing, so are the sums.
func (w *guardedWAL) fits(page []byte, off int64) bool {
	var before [8]byte // the sum of the frame before, or that of the header of the WAL
	var frame [frameHeaderBytes]byte
	start := off - frameHeaderBytes
	beforeAt := start - 8
	if start > walHeaderBytes {
		beforeAt = start - w.pageSize - 8
	}
	if n, _ := w.DriverFile.ReadAt(before[:], beforeAt); n < len(before) {
		return false
	}
	if n, _ := w.DriverFile.ReadAt(frame[:], start); n < len(frame) || [4]byte(frame[:]) == [4]byte{} {
		return false
	}
	w.page = int64(binary.BigEndian.Uint32(frame[:]))
	// The order is that of the machine that began the WAL, which is seldom another one.
	return followsOn(before, frame, page, false) || followsOn(before, frame, page, true)
}

// followsOn says that a frame has the sum that goes on from the one before.
func followsOn(before [8]byte, frame [frameHeaderBytes]byte, page []byte, bigEndian bool) bool {
	sum := runningSum{
		s1: binary.BigEndian.Uint32(before[:]), s2: binary.BigEndian.Uint32(before[4:]),
		bigEndian: bigEndian,
	}
	sum.add(frame[:8])
	sum.add(page)
	return sum.isAt(frame[16:])
}
