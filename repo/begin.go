package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/schema"
)

// begin makes the tables of a new file, or gives a copy that has lost the numbers in its header
// what it lacks. This is one transaction that takes the write lock first, so of several processes
// that start at once one makes them and the others find them there. path is where a new file lies.
func begin(ctx context.Context, conn *sql.Conn, path string) error {
	return sqlite.Immediately(ctx, conn, func() error {
		id, err := identify(ctx, conn)
		if err != nil {
			return err
		}
		if err := id.check(); err != nil {
			return err
		}
		switch version := id.version(); {
		case version == schema.Version && id.isMarked():
			return nil
		case version == schema.Version:
			return errors.Join(setNumbers(ctx, conn), db.New(conn).StateVersion(ctx, schema.Version))
		case version > 0:
			return disk.ErrReplaced // one of an earlier version would have been rebuilt
		}
		if err := makeTables(ctx, conn); err != nil {
			return err
		}
		return sealNew(ctx, conn, path)
	})
}

// makeTables makes the tables, and says in the header what the file is.
func makeTables(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, schema.History); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	return setNumbers(ctx, conn)
}

// setNumbers sets the numbers in the header, by which other programs know the file.
func setNumbers(ctx context.Context, conn *sql.Conn) error {
	const numbers = "PRAGMA application_id = %d; PRAGMA user_version = %d"
	_, err := conn.ExecContext(ctx, fmt.Sprintf(numbers, disk.ApplicationID, schema.Version))
	return err
}

// sealNew gives the rows that a new file begins with their check values, and the policy of the file
// that it replaces.
func sealNew(ctx context.Context, conn *sql.Conn, path string) error {
	q := db.New(conn)
	tiers, _, err := readTiers(ctx, q)
	if err != nil {
		return err
	}
	for _, tier := range tiers {
		if err := setTier(ctx, q, tier); err != nil {
			return err
		}
	}
	if err := q.SetClock(ctx, db.SetClockParams{}); err != nil {
		return err
	}
	return inherit(ctx, conn, path)
}
