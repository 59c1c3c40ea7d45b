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
		return &guardedFile{DriverFile: file}
	case flags&vfs.OPEN_WAL != 0:
		return newGuardedWAL(file)
	default:
		return file
	}
}

// guardedFile guards what turns the checksums off: damage to the byte of the header that turns them on, and a last page that
// is cut off, which the driver does not look at.
type guardedFile struct {
	DriverFile
	wal *guardedWAL // nil before there is one
}

// MemoryMapper is none: the driver offers SQLite that of a file before it knows that the file has checksums, has none any more
// when it knows, and then panics at the end of a checkpoint. Pages are not mapped anyhow.
func (*guardedFile) MemoryMapper() vfs.MemoryMapper { return nil }

func (f *guardedFile) ReadAt(p []byte, off int64) (int, error) {
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

// WriteAt writes a page where the WAL says that it belongs: a checkpoint goes by the index for that, of which nothing has checksums.
func (f *guardedFile) WriteAt(p []byte, off int64) (int, error) {
	if f.wal != nil && f.wal.page != 0 && off != (f.wal.page-1)*pageSize {
		return 0, vfs.SystemError(errIndex, sqlite3.IOERR_DATA)
	}
	return f.DriverFile.WriteAt(p, off)
}

// hasChecksum says that the first page has a checksum, were it not for the byte that says so. A page that somebody is
// writing at this moment has none.
func (f *guardedFile) hasChecksum() bool {
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
	var sum runningSum
	sum.add(p)
	binary.LittleEndian.PutUint32(text[:], sum.s1)
	binary.LittleEndian.PutUint32(text[4:], sum.s2)
	return text
}

// runningSum is the checksum of pages and of a WAL, which goes on from frame to frame.
type runningSum struct {
	s1, s2    uint32
	bigEndian bool // the words that are summed up
}

// add goes on over a multiple of 8 bytes. It has a loop for each order, since every page that is read passes here.
func (s *runningSum) add(p []byte) {
	s1, s2 := s.s1, s.s2
	if s.bigEndian {
		for ; len(p) >= 8; p = p[8:] {
			s1 += binary.BigEndian.Uint32(p) + s2
			s2 += binary.BigEndian.Uint32(p[4:]) + s1
		}
	} else {
		for ; len(p) >= 8; p = p[8:] {
			s1 += binary.LittleEndian.Uint32(p) + s2
			s2 += binary.LittleEndian.Uint32(p[4:]) + s1
		}
	}
	s.s1, s.s2 = s1, s2
}
