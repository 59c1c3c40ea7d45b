package repo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
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

// strangersJournal turns the refusal of a history beside which a journal lies into one that says whose that is: not ours, unless the
// file was only being made.
func strangersJournal(path string, refusal error) error {
	if !errors.Is(refusal, sqlite3.READONLY_ROLLBACK) {
		return refusal
	}
	h, err := readHeader(path)
	if err != nil || !h.isOurs() {
		return errors.Join(refusal, err)
	}
	if fresh, err := wasEmpty(path + "-journal"); err != nil || fresh {
		return errors.Join(refusal, err)
	}
	return fmt.Errorf("%w: another program was interrupted while it changed it, and has left its rollback journal", ErrDamaged)
}

// wasEmpty says that the database of a journal had no pages before.
func wasEmpty(journal string) (bool, error) {
	start, err := readStart(journal, journalHeaderBytes)
	if err != nil {
		return false, err
	}
	return string(start[:len(journalMagic)]) == journalMagic && binary.BigEndian.Uint32(start[journalPagesOffset:]) == 0, nil
}
