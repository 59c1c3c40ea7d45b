package repo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

const walMode = 2 // the version of a file in WAL mode, for writing and for reading

// header is the beginning of an SQLite file, at least sqlitefile.HeaderBytes.
type header []byte

// readHeader returns the header of the file at path, zeros where the file is too short to have one.
func readHeader(path string) (header, error) { return readStart(path, sqlitefile.HeaderBytes) }

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
func (h header) inWALMode() bool { return h[sqlitefile.ReadVersionOffset] == walMode }

// isOurs says that the file is a history.
func (h header) isOurs() bool {
	return binary.BigEndian.Uint32(h[sqlitefile.ApplicationIDOffset:]) == applicationID
}

// pageSize is how large the pages of the file are, or those of a new one where it has none yet.
func (h header) pageSize() int64 {
	if size, ok := sqlitefile.PageSize(h); ok {
		return int64(size)
	}
	return pageSize
}

// check finds damage that SQLite itself tells in words only, or takes for a file that may not be
// written.
func (h header) check() error {
	if write, read := h[sqlitefile.WriteVersionOffset], h[sqlitefile.ReadVersionOffset]; write > walMode || read > walMode {
		return fmt.Errorf("%w: its header says version %d for writing and %d for reading, "+
			"want %d at most", ErrDamaged, write, read, walMode)
	}
	if format := binary.BigEndian.Uint32(h[sqlitefile.SchemaFormatOffset:]); format > sqlitefile.NewestSchemaFormat {
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

// checkHeader finds damage in the header of the file at path, if that is a history.
func checkHeader(path string) error {
	h, err := readHeader(path)
	if err != nil || !h.isOurs() {
		return err
	}
	return h.check()
}

// isHistory says that the header of the file at path names it as ours. That of a new one may still
// be in its WAL, and a copy that has lost it gets it from the first writer.
func isHistory(path string) (bool, error) {
	h, err := readHeader(path)
	return err == nil && h.isOurs(), err
}
