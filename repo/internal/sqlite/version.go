package sqlite

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// Version returns the version of the SQLite library.
func Version() (version string, err error) {
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
