package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// PRAGMAs, and the beginning and end of transactions, are the only statements outside queries/:
// sqlc does not parse them. Those that read or work are run through this file; those of a
// connection are in open.go.

// PragmaInt reads a pragma that is one number.
func PragmaInt(ctx context.Context, q Queryer, name string) (int, error) {
	var value int
	err := q.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	return value, err
}

// autocommit says that no transaction is open on conn.
func autocommit(conn *sql.Conn) (bool, error) {
	var none bool
	err := Raw(conn, func(c *Conn) error {
		none = c.GetAutocommit()
		return nil
	})
	return none, err
}

// Raw gives f the driver's own connection of conn.
func Raw(conn *sql.Conn, f func(*Conn) error) error {
	return conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*connection)
		if !ok {
			return fmt.Errorf("connection of %T, want one of openPool", driverConn)
		}
		return c.use(func() error { return f(c.Raw()) })
	})
}

// Drain steps a pragma that does its work row by row to its end.
func Drain(ctx context.Context, q Queryer, statement string) error {
	rows, err := q.QueryContext(ctx, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		continue // the rows are empty, each is a page done
	}
	return rows.Err()
}

// Queryer is a connection or a pool, for what is asked outside the generated queries.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
