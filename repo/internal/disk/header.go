package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// PageSize of 512 bytes writes less than half of what 4096 does: each commit rewrites the last
// leaf of raw_samples, its neighbours and what leads to it, however little was added. Reading
// is as fast. docs/BENCHMARKS.md has the figures. It is that of new files: one to which
// somebody has given larger pages keeps them.
const PageSize = 512

// ApplicationID marks a file as ours: "WANS" in ASCII.
const ApplicationID = 0x57414e53

const walMode = 2 // the version of a file in WAL mode, for writing and for reading

// Header is the beginning of an SQLite file, at least sqlitefile.HeaderBytes.
type Header []byte

// ReadHeader returns the header of the file at path, zeros where the file is too short to have one.
func ReadHeader(path string) (Header, error) { return readStart(path, sqlitefile.HeaderBytes) }

// readStart returns the first bytes of the file at path, zeros where the file is too short to have
// all of them.
func readStart(path string, bytes int) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	start := make([]byte, bytes)
	_, err = file.ReadAt(start, 0)
	if errors.Is(err, io.EOF) {
		start, err = make([]byte, bytes), nil
	}
	return start, errors.Join(err, file.Close())
}

// inWALMode says that the file has a WAL while it is open.
func (h Header) inWALMode() bool { return h[sqlitefile.ReadVersionOffset] == walMode }

// isOurs says that the file is a history.
func (h Header) isOurs() bool {
	return binary.BigEndian.Uint32(h[sqlitefile.ApplicationIDOffset:]) == ApplicationID
}

// PageSize is how large the pages of the file are, or those of a new one where it has none yet.
func (h Header) PageSize() int64 {
	if size, ok := sqlitefile.PageSize(h); ok {
		return int64(size)
	}
	return PageSize
}

// check finds damage that SQLite itself tells in words only, or takes for a file that may not be
// written.
func (h Header) check() error {
	write, read := h[sqlitefile.WriteVersionOffset], h[sqlitefile.ReadVersionOffset]
	if write > walMode || read > walMode {
		return fmt.Errorf("%w: its header says version %d for writing and %d for reading, "+
			"want %d at most", ErrDamaged, write, read, walMode)
	}
	format := binary.BigEndian.Uint32(h[sqlitefile.SchemaFormatOffset:])
	if format > sqlitefile.NewestSchemaFormat {
		return fmt.Errorf("%w: its header says schema format %d, want %d at most", ErrDamaged, format,
			sqlitefile.NewestSchemaFormat)
	}
	if encoding := binary.BigEndian.Uint32(h[sqlitefile.TextEncodingOffset:]); encoding != 0 &&
		encoding%4 == 0 {
		return fmt.Errorf("%w: its header says text encoding %d, of which SQLite knows none", ErrDamaged,
			encoding)
	}
	return nil
}

// CheckHeader finds damage in the header of the file at path, if that is a history.
func CheckHeader(path string) error {
	h, err := ReadHeader(path)
	if err != nil || !h.isOurs() {
		return err
	}
	return h.check()
}

// IsHistory says that the header of the file at path names it as ours. That of a new one may still
// be in its WAL, and a copy that has lost it gets it from the first writer.
func IsHistory(path string) (bool, error) {
	h, err := ReadHeader(path)
	return err == nil && h.isOurs(), err
}
