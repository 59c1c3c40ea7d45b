package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// prepare prepares all statements. A history that one of them does not fit was changed by somebody,
// which is no damage.
func prepare(ctx context.Context, conn db.DBTX) (*db.Queries, error) {
	made := &preparing{DBTX: conn}
	q, err := db.Prepare(ctx, made)
	if err == nil {
		return q, nil
	}
	if sqlite.DoesNotFit(err) {
		err = fmt.Errorf("%w: its schema is not that of its version (%w)", ErrForeign, err)
	}
	return nil, errors.Join(err, made.close())
}

// preparing notes what has been prepared: SQLite closes no connection that has statements.
type preparing struct {
	db.DBTX

	statements []*sql.Stmt
}

// PrepareContext prepares a statement.
func (p *preparing) PrepareContext(ctx context.Context, text string) (*sql.Stmt, error) {
	statement, err := p.DBTX.PrepareContext(ctx, text)
	if err == nil {
		p.statements = append(p.statements, statement)
	}
	return statement, err
}

func (p *preparing) close() error {
	var errs []error
	for _, statement := range p.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(errs...)
}

// SetUp gives a connection what the generated queries want beside the tables of the file:
// functions, and a temporary table. Without it they cannot be prepared.
//
// Errors: those of SQLite.
func SetUp(c *sqlite.Conn) error { return sqlite.SetUp(c, new(seal.Log)) }
