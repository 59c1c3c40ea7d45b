package repo

import (
	"encoding/binary"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// checksumBytes of each page are its checksum, as SQLite's cksumvfs lays it down: the driver writes it with each page of the
// file, and checks it whenever one is read. Without one, a flipped bit in a value is just another value.
const checksumBytes = 8

// guard checks what is read of a file, as far as SQLite and the driver do not.
func guard(file DriverFile, flags vfs.OpenFlag) DriverFile {
	switch {
	case flags&vfs.OPEN_MAIN_DB != 0:
		return guardedFile{file}
	case flags&vfs.OPEN_WAL != 0:
		return guardedWAL{file}
	default:
		return file
	}
}

// guardedWAL guards a WAL that somebody cuts off under a writer: SQLite would take the hole for pages, and write them to the file.
type guardedWAL struct{ DriverFile }

// ReadAt reads a page only where the frame around it has been written, which has the number of a page: there is no page 0.
func (w guardedWAL) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.DriverFile.ReadAt(p, off)
	if len(p) != pageSize || (off-walHeaderBytes)%(frameHeaderBytes+pageSize) != frameHeaderBytes {
		return n, err
	}
	var number [4]byte
	if _, failed := w.DriverFile.ReadAt(number[:], off-frameHeaderBytes); failed != nil || n < len(p) || number == [4]byte{} {
		return 0, sqlite3.IOERR_DATA
	}
	return n, err
}

// guardedFile guards what turns the checksums off: damage to the byte of the header that turns them on, and a last page that
// is cut off, which the driver does not look at.
type guardedFile struct{ DriverFile }

// MemoryMapper is none: the driver offers SQLite that of a file before it knows that the file has checksums, has none any more
// when it knows, and then panics at the end of a checkpoint. Pages are not mapped anyhow.
func (guardedFile) MemoryMapper() vfs.MemoryMapper { return nil }

func (f guardedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.DriverFile.ReadAt(p, off)
	if off > 0 && n > 0 && n < len(p) && len(p) >= pageSize {
		return 0, sqlite3.IOERR_DATA // as the driver calls a wrong checksum
	}
	if off != 0 || n < headerBytes {
		return n, err
	}
	if h := header(p); !h.isOurs() || h.isChecked() {
		return n, err
	}
	if p[reservedOffset] != 0 || f.hasChecksum() {
		return 0, sqlite3.IOERR_DATA
	}
	return n, err
}

// hasChecksum says that the first page has a checksum, were it not for the byte that says so. A page that somebody is
// writing at this moment has none.
func (f guardedFile) hasChecksum() bool {
	page := make([]byte, pageSize)
	if n, _ := f.DriverFile.ReadAt(page, 0); n < pageSize {
		return false
	}
	page[reservedOffset] = checksumBytes
	end := pageSize - checksumBytes
	return checksum(page[:end]) == [checksumBytes]byte(page[end:])
}

// checksum is that of SQLite's cksumvfs, over a multiple of 8 bytes.
func checksum(p []byte) (text [checksumBytes]byte) {
	sum := runningSum{order: binary.LittleEndian}
	sum.add(p)
	sum.order.PutUint32(text[:], sum.s1)
	sum.order.PutUint32(text[4:], sum.s2)
	return text
}

// runningSum is the checksum of pages and of a WAL, which goes on from frame to frame.
type runningSum struct {
	s1, s2 uint32
	order  binary.ByteOrder // of the words that are summed up
}

// add goes on over a multiple of 8 bytes.
func (s *runningSum) add(p []byte) {
	for ; len(p) >= 8; p = p[8:] {
		s.s1 += s.order.Uint32(p) + s.s2
		s.s2 += s.order.Uint32(p[4:]) + s.s1
	}
}
