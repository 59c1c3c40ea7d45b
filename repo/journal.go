package repo

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/ncruces/go-sqlite3/driver"
)

// Where the header of a rollback journal has the number of pages that the database had before
// (https://sqlite.org/fileformat.html#the_rollback_journal).
const (
	journalHeaderBytes = 28
	journalMagic       = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
	journalPagesOffset = 16
)

// probeUnfinished looks at a file whose last transaction was interrupted and has left its rollback journal: a connection that
// only reads may not roll it back, and sees nothing. A history has such a journal only for the moment in which it is made,
// before it is in WAL mode. Whoever opens it for writing afterwards rolls it back, and looks again.
func probeUnfinished(ctx context.Context, path string) (identity, error) {
	fresh, err := wasEmpty(path + "-journal")
	if err != nil || fresh {
		return identity{}, err
	}
	pool, err := driver.Open(readerDSN(path, "") + "&immutable=1") // without its journal
	if err != nil {
		return identity{}, err
	}
	id, err := identifyAtOnce(ctx, pool)
	return id, errors.Join(err, pool.Close())
}

// wasEmpty says that the database of a journal had no pages before.
func wasEmpty(journal string) (bool, error) {
	file, err := os.Open(journal)
	if err != nil {
		return false, err
	}
	header := make([]byte, journalHeaderBytes)
	_, err = file.ReadAt(header, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	empty := string(header[:len(journalMagic)]) == journalMagic && binary.BigEndian.Uint32(header[journalPagesOffset:]) == 0
	return empty, errors.Join(err, file.Close())
}
