package sqlite

import (
	"context"
	sqldriver "database/sql/driver"
)

// preparedStatement is what a statement of the driver can do.
type preparedStatement interface {
	sqldriver.Stmt
	sqldriver.StmtExecContext
	sqldriver.StmtQueryContext
	sqldriver.NamedValueChecker
}

type statement struct {
	preparedStatement

	of       *connection
	controls bool // it begins or ends a transaction
}

// Close is tried after a fault, too: SQLite closes no connection that has statements.
//
// One that was in the middle of a commit is left alone: its end would commit again, to a WAL that
// others have taken over.
func (s *statement) Close() error {
	if s.of.lost != nil && s.controls {
		return nil
	}
	return s.of.catch(s.preparedStatement.Close)
}

func (s *statement) ExecContext(
	ctx context.Context, args []sqldriver.NamedValue,
) (result sqldriver.Result, err error) {
	if s.controls {
		s.of.lookAtIndex()
	}
	err = s.of.use(func() error {
		result, err = s.preparedStatement.ExecContext(ctx, args)
		return err
	})
	return result, err
}

func (s *statement) QueryContext(
	ctx context.Context, args []sqldriver.NamedValue,
) (result sqldriver.Rows, err error) {
	err = s.of.use(func() error {
		result, err = s.preparedStatement.QueryContext(ctx, args)
		return err
	})
	return rows{result, s.of}, err
}

type rows struct {
	sqldriver.Rows

	of *connection
}

func (r rows) Close() error { return r.of.use(r.Rows.Close) }

func (r rows) Next(into []sqldriver.Value) error {
	return r.of.still.Check(r.of.use(func() error { return r.Rows.Next(into) }))
}
