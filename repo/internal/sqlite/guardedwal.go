package sqlite

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

const (
	walHeaderBytes   = sqlitefile.WALHeaderBytes
	frameHeaderBytes = sqlitefile.FrameHeaderBytes
)

// guardedWAL checks each page that is read of a WAL against the checksum of its frame. SQLite
// itself does that only when it takes a WAL over that somebody else has left; later a flipped bit
// would be just another value, and the hole of a WAL that somebody has cut off a page of zeros,
// which a checkpoint would write to the file.
type guardedWAL struct {
	DriverFile
	cause    *cause
	pageSize int64              // of the pages in it, 0 if that is not known
	header   int64              // where the header was written that is still without its page
	unsummed map[int64]struct{} // pages written here whose frames have no sum of theirs yet
	page     int64              // the number of the page that was read last, 0 if that is not known

	around []byte // what is read with a page

	held   []byte // new frames that are written together, or the header of one and not yet its page
	heldAt int64
	ends   bool  // the last one of them ends a transaction
	end    int64 // of what this connection has written since it began the WAL
}

func newGuardedWAL(file DriverFile, cause *cause) *guardedWAL {
	return &guardedWAL{DriverFile: file, cause: cause, unsummed: map[int64]struct{}{}}
}

// ReadAt reads a page only as it was written.
func (w *guardedWAL) ReadAt(p []byte, off int64) (int, error) {
	if err := w.writeHeld(); err != nil {
		return 0, err
	}
	w.page = 0
	page, err := w.isPage(p, off)
	if err != nil {
		return 0, err
	}
	if _, unsummed := w.unsummed[off]; unsummed || !page {
		return w.DriverFile.ReadAt(p, off)
	}
	err = w.readFrame(p, off)
	if errors.Is(err, errFrame) {
		return 0, vfs.SystemError(w.cause.note(err), sqlite3.IOERR_DATA)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// isPage says that what is read is a page. The program that begins a WAL settles how large its
// pages are, and may be another one; a connection that was opened before the file had any reads
// them in another size at first.
func (w *guardedWAL) isPage(p []byte, off int64) (bool, error) {
	if !sqlitefile.IsPageSize(len(p)) {
		return false, nil
	}
	if int64(len(p)) != w.pageSize {
		if err := w.learn(); err != nil {
			return false, err
		}
	}
	return int64(len(p)) == w.pageSize && w.startsPage(off), nil
}

// learn reads in the header how large the pages are. A WAL that is too short for one has none.
func (w *guardedWAL) learn() error {
	var start [walHeaderBytes]byte
	if _, err := w.DriverFile.ReadAt(start[:], 0); sqlitefile.Ended(err) != nil {
		return err
	}
	w.learnFrom(start[:])
	return nil
}

func (w *guardedWAL) learnFrom(start []byte) {
	w.pageSize = 0
	if header, ok := sqlitefile.ParseWALHeader(start); ok {
		w.pageSize = int64(header.PageSize)
	}
}

// WriteAt notes which pages have no sum yet. Where a transaction that is larger than the cache
// changes a page again that is in the WAL already, SQLite writes it in its place without the header
// of its frame, leaves the sums out from there on, and writes them all when it commits. Nobody else
// reads those pages before.
func (w *guardedWAL) WriteAt(p []byte, off int64) (int, error) {
	switch {
	case off == 0 && len(p) == walHeaderBytes:
		w.learnFrom(p)
	case w.pageSize == 0:
		if err := w.learn(); err != nil {
			return 0, err
		}
	}
	if len(w.held) > 0 && off != w.heldAt+int64(len(w.held)) {
		if err := w.writeHeld(); err != nil {
			return 0, err
		}
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
		w.header = 0 // the next write of this page is a repeated one
	}
	return w.write(p, off)
}

// mostHeld bounds what is held of a large transaction.
const mostHeld = 1 << 16

// write writes the frames of a transaction at the end of the WAL in one call: SQLite makes two
// calls a frame, which is a good part of what a commit costs. Nobody reads them before the last
// one, which ends the transaction.
func (w *guardedWAL) write(p []byte, off int64) (int, error) {
	switch {
	case off == 0:
		w.end = walHeaderBytes
	case w.header == off && off >= w.end && len(p) == frameHeaderBytes:
		w.hold(p, off)
		w.ends = sqlitefile.EndsTransaction(p)
		return len(p), nil
	case len(w.held) > 0:
		w.hold(p, off)
		w.end = off + int64(len(p))
		if !w.ends && len(w.held) < mostHeld {
			return len(p), nil
		}
		if err := w.writeHeld(); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return w.DriverFile.WriteAt(p, off)
}

// hold keeps what follows on what is held.
func (w *guardedWAL) hold(p []byte, off int64) {
	if len(w.held) == 0 {
		w.heldAt = off
	}
	w.held = append(w.held, p...)
}

// writeHeld writes what is held.
func (w *guardedWAL) writeHeld() error {
	if len(w.held) == 0 {
		return nil
	}
	_, err := w.DriverFile.WriteAt(w.held, w.heldAt)
	w.held = w.held[:0]
	if err != nil {
		w.end = w.heldAt // where the next transaction begins
	}
	return noRoom(err)
}

// Size says how large the WAL is.
func (w *guardedWAL) Size() (int64, error) {
	if err := w.writeHeld(); err != nil {
		return 0, err
	}
	return w.DriverFile.Size()
}

// Truncate cuts the WAL off.
func (w *guardedWAL) Truncate(size int64) error {
	if err := w.writeHeld(); err != nil {
		return err
	}
	return w.DriverFile.Truncate(size)
}

// Sync brings to the disk what was written.
func (w *guardedWAL) Sync(flags vfs.SyncFlag) error {
	if err := w.writeHeld(); err != nil {
		return err
	}
	return w.DriverFile.Sync(flags)
}

// lacksSum says that a frame has the header of one whose sum is still to be made: behind its
// numbers are zeros.
func lacksSum(header []byte) bool {
	return len(header) == frameHeaderBytes &&
		[frameHeaderBytes - 8]byte(header[8:]) == [frameHeaderBytes - 8]byte{}
}

// startsPage says that a page of the WAL is at an offset.
func (w *guardedWAL) startsPage(off int64) bool {
	if off <= walHeaderBytes || w.pageSize == 0 {
		return false
	}
	return (off-walHeaderBytes)%sqlitefile.FrameBytes(w.pageSize) == frameHeaderBytes
}

// readFrame reads a page, or errFrame if it has not got the checksum of its frame, which goes on
// from the one before. There is no page 0: where the number is missing, so are the sums.
func (w *guardedWAL) readFrame(page []byte, off int64) error {
	start := off - frameHeaderBytes
	from := start - 8 // where the sum before is: that of the header of the WAL, or of the frame before
	if start > walHeaderBytes {
		from = start - w.pageSize - 8
	}
	w.around = slices.Grow(w.around[:0], int(off-from)+len(page))[:int(off-from)+len(page)]
	if n, err := w.DriverFile.ReadAt(w.around, from); n < len(w.around) {
		return cmp.Or(sqlitefile.Ended(err), errFrame)
	}
	copy(page, w.around[off-from:])
	before, frame := [8]byte(w.around), [frameHeaderBytes]byte(w.around[start-from:])
	if [4]byte(frame[:]) == [4]byte{} {
		return errFrame
	}
	w.page = int64(binary.BigEndian.Uint32(frame[:]))
	// The order is that of the machine that began the WAL, which is seldom another one.
	if followsOn(before, frame, page, false) || followsOn(before, frame, page, true) {
		return nil
	}
	return errFrame
}

// followsOn says that a frame has the sum that goes on from the one before.
func followsOn(before [8]byte, frame [frameHeaderBytes]byte, page []byte, bigEndian bool) bool {
	sum := sqlitefile.Sum{
		S1: binary.BigEndian.Uint32(before[:]), S2: binary.BigEndian.Uint32(before[4:]),
		BigEndian: bigEndian,
	}
	sum.Add(frame[:8])
	sum.Add(page)
	return sum.IsAt(frame[16:])
}
