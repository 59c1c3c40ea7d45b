package sqlite

import (
	"context"
	"database/sql"
)

// Prepared is a pool that notes what is prepared on it.
type Prepared struct {
	*sql.DB

	statements map[string]*sql.Stmt // by their texts
}

// NotePrepared returns a pool on which nothing is prepared yet.
func NotePrepared(pool *sql.DB) Prepared { return Prepared{pool, map[string]*sql.Stmt{}} }

// In runs what is prepared in a transaction of the pool.
func (p Prepared) In(tx *sql.Tx) Transacted { return Transacted{tx, p, map[string]*sql.Stmt{}} }

// PrepareContext prepares a statement for all connections of the pool.
func (p Prepared) PrepareContext(ctx context.Context, text string) (*sql.Stmt, error) {
	statement, err := p.DB.PrepareContext(ctx, text)
	p.statements[text] = statement
	return statement, err
}

// Transacted runs what is prepared in a transaction. Each statement is made one of the transaction
// once: database/sql keeps what it makes so until the transaction ends, and a view of many series
// is asked thousands of times. It is for one goroutine.
type Transacted struct {
	*sql.Tx

	pool       Prepared
	statements map[string]*sql.Stmt
}

func (t Transacted) statement(ctx context.Context, text string) *sql.Stmt {
	// a transaction that has ended says so itself
	if statement, ok := t.statements[text]; ok && ctx.Err() == nil {
		return statement
	}
	statement := t.StmtContext(ctx, t.pool.statements[text])
	if ctx.Err() == nil { // else it may be one that only says so, and the transaction goes on
		t.statements[text] = statement
	}
	return statement
}

// QueryContext runs a query that has been prepared.
func (t Transacted) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	//nolint:sqlclosecheck // its transaction closes it
	return t.statement(ctx, text).QueryContext(ctx, args...)
}

// QueryRowContext runs a query that has been prepared.
func (t Transacted) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	//nolint:sqlclosecheck // its transaction closes it
	return t.statement(ctx, text).QueryRowContext(ctx, args...)
}
