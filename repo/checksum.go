package repo

import (
	"encoding/binary"
	"errors"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

const (
	// reservedOffset is where the header of an SQLite file says how many bytes at the end of each page are not SQLite's.
	reservedOffset = 20

	// checksumBytes of each page are its checksum, as SQLite's cksumvfs lays it down: the driver writes it with each page of
	// the file, and checks it whenever one is read. Without one, a flipped bit in a value is just another value.
	checksumBytes = 8
)

var (
	// errBegun says that a connection was opened when its file was empty. The driver learns from the first page, as the file has
	// it, whether there are checksums: if another process has just written that, this connection would never know, and write
	// pages without.
	errBegun = errors.New("the file has just been begun")
	// errHeaderByte says that a header denies the checksums that its page has.
	errHeaderByte = errors.New("byte 20 of the file is wrong")
	// errCutOff says that a file ends within a page.
	errCutOff = errors.New("the file ends within a page")
)

// startWAL completes a connection of a writer.
func startWAL(c *sqlite3.Conn) error {
	// The end of a connection may be that of a damaged file, which is to stay as it was found: a proper close says otherwise.
	if err := leaveWAL(c, true); err != nil {
		return err
	}
	made, err := hasPages(c)
	if err != nil {
		return err
	}
	if !made {
		if err := beginFile(c); err != nil {
			return err
		}
		return errBegun
	}
	if err := c.Exec("PRAGMA journal_mode = wal"); err != nil {
		return err
	}
	return DefineFunctions(c)
}

// beginFile gives a new file its first page. A file that is there keeps what it has: to say it again would write to that page each
// time that it is opened.
func beginFile(c *sqlite3.Conn) error {
	if _, err := c.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, checksumBytes); err != nil {
		return err
	}
	return c.Exec("PRAGMA auto_vacuum = incremental; PRAGMA journal_mode = wal")
}

func hasPages(c *sqlite3.Conn) (some bool, err error) {
	count, _, err := c.Prepare("PRAGMA page_count")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, count.Close()) }()
	return count.Step() && count.ColumnInt(0) > 0, count.Err()
}

// guard checks what is read of a file, as far as SQLite and the driver do not.
func guard(file ownFile, flags vfs.OpenFlag) ownFile {
	if flags&vfs.OPEN_MAIN_DB != 0 {
		return guardedFile{file}
	}
	return file
}

// guardedFile guards what turns the checksums off: damage to the byte of the header that turns them on, and a last page that
// is cut off, which the driver does not look at.
type guardedFile struct{ ownFile }

// MemoryMapper is none: the driver offers SQLite that of a file before it knows that the file has checksums, has none any more
// when it knows, and then panics at the end of a checkpoint. Pages are not mapped anyhow.
func (guardedFile) MemoryMapper() vfs.MemoryMapper { return nil }

func (f guardedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.ownFile.ReadAt(p, off)
	if off > 0 && n > 0 && n < len(p) && len(p) >= pageSize {
		return 0, vfs.SystemError(errCutOff, sqlite3.IOERR_DATA)
	}
	if off != 0 || n < headerBytes || !isOurHeader(p) || p[reservedOffset] == checksumBytes {
		return n, err
	}
	if p[reservedOffset] != 0 || f.hasChecksum() {
		return 0, vfs.SystemError(errHeaderByte, sqlite3.IOERR_DATA)
	}
	return n, err
}

// hasChecksum says that the first page has a checksum, were it not for the byte that says so. A page that somebody is
// writing at this moment has none.
func (f guardedFile) hasChecksum() bool {
	page := make([]byte, pageSize)
	if n, _ := f.ownFile.ReadAt(page, 0); n < pageSize {
		return false
	}
	page[reservedOffset] = checksumBytes
	end := pageSize - checksumBytes
	return checksum(page[:end]) == [checksumBytes]byte(page[end:])
}

// isOurHeader says that the header of an SQLite file names it as a history.
func isOurHeader(header []byte) bool {
	return binary.BigEndian.Uint32(header[applicationIDOffset:]) == applicationID
}

// checksum is that of SQLite's cksumvfs, over a multiple of 8 bytes.
func checksum(p []byte) (sum [checksumBytes]byte) {
	var s1, s2 uint32
	for ; len(p) >= checksumBytes; p = p[checksumBytes:] {
		s1 += binary.LittleEndian.Uint32(p) + s2
		s2 += binary.LittleEndian.Uint32(p[4:]) + s1
	}
	binary.LittleEndian.PutUint32(sum[:], s1)
	binary.LittleEndian.PutUint32(sum[4:], s2)
	return sum
}
