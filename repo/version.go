package repo

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// SQLiteVersion returns the version of the SQLite library, such as 3.54.1. It opens no file: the
// library is asked through a connection to memory, which takes about a millisecond.
//
// Errors: those of SQLite without memory.
func SQLiteVersion() (version string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("ask SQLite for its version: %w", err)
		}
	}()
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	row, _, err := c.Prepare("SELECT sqlite_version()")
	if err != nil {
		return "", err
	}
	if row.Step() {
		version = row.ColumnText(0)
	}
	return version, row.Close() // which returns what Step has met
}
