package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// copyCacheKiB is the cache of a copy, which is written once and in order.
const copyCacheKiB = 128

// CopyOut copies what conn sees to the empty file at path, so many pages at a time.
func CopyOut(ctx context.Context, conn *sql.Conn, path string, pages int) error {
	// Neither a journal nor a sync: a copy that is not completed is thrown away, and one that is
	// gets synced at once.
	to := dsn(path, "rw", "",
		"journal_mode(off)", "synchronous(off)", fmt.Sprintf("cache_size(-%d)", copyCacheKiB))
	return Raw(conn, func(c *Conn) error {
		backup, err := beginBackup(c, "main", to)
		if err != nil {
			return err
		}
		for done := false; !done && err == nil; {
			if done, err = backup.Step(pages); err == nil {
				err = context.Cause(ctx)
			}
		}
		if closed := backup.Close(); err == nil { // after a failed step it fails the same way
			err = closed
		}
		return err
	})
}

// Pouring is how a database that is attached to a connection goes into a file.
type Pouring struct {
	From  string // the attached database
	To    string // the data source name of the file
	Pages int    // so many at a time
	// allow is asked once the write lock is held, with the number that SQLite has for the commits
	// of others to the main database of the connection.
	Allow func(commits int) error
	// tell is told of each step.
	Tell func(pages, of int)
}

// Pour writes all pages of a database into a file, in one transaction.
func Pour(ctx context.Context, conn *sql.Conn, p Pouring) error {
	return Raw(conn, func(c *Conn) (err error) {
		backup, err := beginBackup(c, p.From, p.To)
		if err != nil {
			return err
		}
		defer func() { // without success nothing was written, and the end says again why
			if closed := backup.Close(); err == nil {
				err = closed
			}
		}()
		if _, err := backup.Step(1); err != nil { // which takes the write lock
			return err
		}
		commits, err := commitsOfOthers(c)
		if err == nil {
			err = p.Allow(commits)
		}
		for done := false; !done && err == nil; {
			if err = context.Cause(ctx); err != nil {
				return err
			}
			if done, err = backup.Step(p.Pages); err == nil {
				p.Tell(backup.PageCount()-backup.Remaining(), backup.PageCount())
			}
		}
		return err
	})
}

// commitsOfOthers asks the very connection: the number is its own.
func commitsOfOthers(c *Conn) (commits int, err error) {
	version, _, err := c.Prepare("PRAGMA main.data_version")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, version.Close()) }()
	if version.Step() {
		commits = version.ColumnInt(0)
	}
	return commits, version.Err()
}

// beginBackup begins to copy a database of a connection to another file. Of one that cannot be
// opened the driver says that a pragma is invalid.
func beginBackup(c *Conn, from, to string) (*sqlite3.Backup, error) {
	backup, err := c.BackupInit(from, to)
	if plain, ok := errors.AsType[*sqlite3.Error](err); ok {
		return nil, plain
	}
	if plain, ok := errors.AsType[sqlite3.ExtendedErrorCode](err); ok {
		return nil, plain
	}
	return backup, err
}
