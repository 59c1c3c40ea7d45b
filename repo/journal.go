package repo

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Where the header of a rollback journal has the number of pages that the database had before
// (https://sqlite.org/fileformat.html#the_rollback_journal).
const (
	journalHeaderBytes = 28
	journalMagic       = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
	journalPagesOffset = 16
)

// hasJournal says that a rollback journal lies beside the file at path: a program was interrupted
// in the middle of a change, or is about it. SQLite rolls that back when the file is opened for
// writing, and until then its pages need not fit together.
func hasJournal(path string) bool { return isThere(path + "-journal") }

// probeUnfinished looks at a file whose last transaction was interrupted and has left its rollback
// journal: a connection that only reads may not roll it back, and sees nothing. A writer that opens
// the file afterwards does, and looks again.
func probeUnfinished(ctx context.Context, path string) (identity, error) {
	fresh, err := wasEmpty(path + "-journal")
	if err != nil || fresh {
		return identity{}, err
	}
	pool, err := openPool(path, readerDSN(path, "")+"&immutable=1", nil) // without its journal
	if err != nil {
		return identity{}, err
	}
	id, err := identifyAtOnce(ctx, pool)
	if err != nil { // what it lacks may be in the journal, so that it is no damage
		err = fmt.Errorf("%w: %v", ErrInterrupted, err) //nolint:errorlint // for the same reason
	}
	return id, errors.Join(err, pool.Close())
}

// journalError says what a file that may only be read waits for, where an interrupted change has
// left its journal.
func journalError(path string, err error) error {
	fresh, failed := wasEmpty(path + "-journal")
	if failed != nil {
		return errors.Join(err, failed)
	}
	if fresh {
		return fmt.Errorf("%w: the process that was making it was interrupted, and the next one that "+
			"opens it for writing goes on", ErrEmpty)
	}
	return ErrInterrupted
}

// wasEmpty says that the database of a journal had no tables before: no page, or the first one
// alone.
func wasEmpty(journal string) (bool, error) {
	start, err := readStart(journal, journalHeaderBytes)
	if err != nil {
		return false, err
	}
	return string(start[:len(journalMagic)]) == journalMagic &&
		binary.BigEndian.Uint32(start[journalPagesOffset:]) <= 1, nil
}
