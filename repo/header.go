package repo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/db"
)

// Where the header of an SQLite file has what SQLite itself refuses in words only, or takes for a file that may not be written.
const (
	writeVersionOffset = 18
	schemaFormatOffset = 44
	newestSchemaFormat = 4
)

// checkHeader finds damage in the header of a history.
func checkHeader(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	header := make([]byte, headerBytes)
	_, err = file.ReadAt(header, 0)
	if closed := file.Close(); errors.Is(err, io.EOF) || !isOurHeader(header) {
		return closed
	} else if err != nil {
		return err
	}
	if write, read := header[writeVersionOffset], header[readVersionOffset]; write > walMode || read > walMode {
		return fmt.Errorf("%w: its header says version %d for writing and %d for reading, want %d at most",
			ErrDamaged, write, read, walMode)
	}
	if format := binary.BigEndian.Uint32(header[schemaFormatOffset:]); format > newestSchemaFormat {
		return fmt.Errorf("%w: its header says schema format %d, want %d at most", ErrDamaged, format, newestSchemaFormat)
	}
	return nil
}

// prepare prepares all statements. A history that one of them does not fit has a damaged schema.
func prepare(ctx context.Context, conn db.DBTX) (*db.Queries, error) {
	q, err := db.Prepare(ctx, conn)
	if errors.Is(err, sqlite3.ERROR) {
		err = fmt.Errorf("%w: its schema is not that of its version (%w)", ErrDamaged, err)
	}
	return q, err
}
