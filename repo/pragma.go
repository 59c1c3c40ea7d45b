package repo

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// PRAGMAs, and the beginning and end of transactions, are the only statements outside queries/:
// sqlc does not parse them. Those that read or work are run through this file; those of a
// connection are in open.go.

// pragmaInt reads a pragma that is one number.
func pragmaInt(ctx context.Context, q queryer, name string) (int, error) {
	var value int
	err := q.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	return value, err
}

// autocommit says that no transaction is open on conn.
func autocommit(conn *sql.Conn) (bool, error) {
	var none bool
	err := rawConn(conn, func(c *sqlite3.Conn) error {
		none = c.GetAutocommit()
		return nil
	})
	return none, err
}

func rawConn(conn *sql.Conn, f func(*sqlite3.Conn) error) error {
	return conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*connection)
		if !ok {
			return fmt.Errorf("connection of %T, want one of openPool", driverConn)
		}
		return c.use(func() error { return f(c.Raw()) })
	})
}

// drain steps a pragma that does its work row by row to its end.
func drain(ctx context.Context, q queryer, statement string) error {
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

// queryer is a connection or a pool, for what is asked outside the generated queries.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
