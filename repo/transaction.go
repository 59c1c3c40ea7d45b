package repo

import (
	"context"
	"database/sql"
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// immediately runs f in a transaction of conn that holds the write lock from its start: a deferred one that wants to
// write later gets BUSY at once, whatever the busy timeout.
//
// It is not a sql.Tx because that would prepare every statement of the connection anew for each transaction.
func immediately(ctx context.Context, conn *sql.Conn, f func() error) error {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f()
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err == nil {
		return nil
	}
	return errors.Join(err, rollBack(ctx, conn))
}

// rollBack ends a failed transaction, also after its context was cancelled. SQLite ends some by itself (a full disk, an
// I/O error): then there is nothing left to do.
func rollBack(ctx context.Context, conn *sql.Conn) error {
	ctx = context.WithoutCancel(ctx)
	ended, err := autocommit(conn)
	if err != nil || ended {
		return err
	}
	_, err = conn.ExecContext(ctx, "ROLLBACK")
	return err
}

// endReading ends a transaction that has only read. Its context may have ended it before, or SQLite, after an error that whoever asked
// has heard of: that is no error of the end.
func endReading(tx *sql.Tx) error {
	err := tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, sqlite3.ERROR) {
		return nil
	}
	return err
}
