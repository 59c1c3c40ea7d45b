package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"

	"github.com/ncruces/go-sqlite3"
)

const (
	beginText   = "BEGIN IMMEDIATE"
	commitText  = "COMMIT"
	versionText = "PRAGMA data_version" // changes when another connection has committed
)

// transaction is one of a connection.
type transaction struct {
	sqldriver.Tx

	of *connection
}

func (t transaction) Commit() error { return t.of.use(t.Tx.Commit) }

// Rollback ends what has only read. Where somebody has opened the file for writing under another
// name meanwhile, that writer's pages may have been read as a part of the view.
func (t transaction) Rollback() error {
	return errors.Join(t.of.still.Check(t.of.use(t.Tx.Rollback)), t.of.name.Check())
}

// Immediately runs f in a transaction of conn that holds the write lock from its start: a deferred
// one that wants to write later gets BUSY at once, whatever the busy timeout.
//
// It is not a sql.Tx because that would prepare every statement of the connection again for each
// transaction.
func Immediately(ctx context.Context, conn *sql.Conn, f func() error) error {
	if _, err := conn.ExecContext(ctx, beginText); err != nil {
		return err
	}
	err := f()
	if err == nil {
		_, err = conn.ExecContext(ctx, commitText)
	}
	if err == nil {
		return nil
	}
	return Undo(ctx, conn, err)
}

// Control is what a writer says around each of its transactions, prepared: a commit of a few
// samples would spend an eighth of its time on parsing it.
type Control struct{ begin, commit, version *sql.Stmt }

// PrepareControl prepares what is said around transactions of conn.
func PrepareControl(ctx context.Context, conn *sql.Conn) (c Control, err error) {
	if c.begin, err = conn.PrepareContext(ctx, beginText); err != nil {
		return c, err
	}
	if c.commit, err = conn.PrepareContext(ctx, commitText); err != nil {
		return c, err
	}
	c.version, err = conn.PrepareContext(ctx, versionText)
	return c, err
}

// Immediately is that of conn.
func (c Control) Immediately(ctx context.Context, conn *sql.Conn, f func() error) error {
	if _, err := c.begin.ExecContext(ctx); err != nil {
		return err
	}
	err := f()
	if err == nil {
		_, err = c.commit.ExecContext(ctx)
	}
	if err == nil {
		return nil
	}
	return Undo(ctx, conn, err)
}

// DataVersion is what SQLite says of the commits of other connections: it changes with each.
func (c Control) DataVersion(ctx context.Context) (version int, err error) {
	err = c.version.QueryRowContext(ctx).Scan(&version)
	return version, err
}

// Close closes the statements.
func (c Control) Close() error {
	var errs []error
	for _, statement := range []*sql.Stmt{c.begin, c.commit, c.version} {
		if statement != nil {
			errs = append(errs, statement.Close())
		}
	}
	return errors.Join(errs...)
}

// Undo ends a transaction that has failed with err. A connection that has failed says the same
// again.
func Undo(ctx context.Context, conn *sql.Conn, err error) error {
	back := rollBack(ctx, conn)
	if errors.Is(err, back) {
		return err
	}
	return errors.Join(err, back)
}

// InOneView runs f in a transaction of conn that only reads: all that it asks for is of one moment.
func InOneView(ctx context.Context, conn *sql.Conn, f func() error) error {
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	return errors.Join(f(), rollBack(ctx, conn))
}

// rollBack ends a failed transaction, also after its context was cancelled. SQLite ends some by
// itself (a full disk, an I/O error): then there is nothing left to do.
func rollBack(ctx context.Context, conn *sql.Conn) error {
	ctx = context.WithoutCancel(ctx)
	ended, err := autocommit(conn)
	if err != nil || ended {
		return err
	}
	_, err = conn.ExecContext(ctx, "ROLLBACK")
	return err
}

// EndReading ends a transaction that has only read. Its context may have ended it before, or
// SQLite, after an error that the caller has heard of: that is no error of the end.
func EndReading(tx *sql.Tx) error {
	err := tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, sqlite3.ERROR) {
		return nil
	}
	return err
}
