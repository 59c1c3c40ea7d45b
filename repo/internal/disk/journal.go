package disk

import (
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

// HasJournal says that a rollback journal lies beside the file at path: a program was interrupted
// in the middle of a change, or is about it. SQLite rolls that back when the file is opened for
// writing, and until then its pages need not fit together.
func HasJournal(path string) bool { return Exists(path + "-journal") }

// JournalError says what a file that may only be read waits for, where an interrupted change has
// left its journal.
func JournalError(path string, err error) error {
	fresh, failed := WasEmpty(path + "-journal")
	if failed != nil {
		return errors.Join(err, failed)
	}
	if fresh {
		return fmt.Errorf("%w: the process that was making it was interrupted, and the next one that "+
			"opens it for writing goes on", ErrEmpty)
	}
	return ErrInterrupted
}

// WasEmpty says that the database of a journal had no tables before: no page, or the first one
// alone.
func WasEmpty(journal string) (bool, error) {
	start, err := readStart(journal, journalHeaderBytes)
	if err != nil {
		return false, err
	}
	return string(start[:len(journalMagic)]) == journalMagic &&
		binary.BigEndian.Uint32(start[journalPagesOffset:]) <= 1, nil
}
