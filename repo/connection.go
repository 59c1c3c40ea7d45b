package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/schema"
)

// setUpWriter makes a connection one of a writer. That of a file which has no page yet writes the
// first one. A file that somebody has taken out of WAL mode is switched back.
func setUpWriter(c *sqlite3.Conn, log *seal.Log) error {
	// The end of a connection may be that of a damaged file, which is to stay as it was found: a
	// proper close says otherwise.
	if err := leaveWAL(c, true); err != nil {
		return err
	}
	made, err := hasPages(c)
	if err != nil {
		return err
	}
	if !made {
		// A file that is there keeps what it has: to say this again would write to its first page.
		if err := c.Exec("PRAGMA auto_vacuum = incremental"); err != nil {
			return err
		}
	}
	if err := c.Exec("PRAGMA journal_mode = wal"); err != nil {
		return err
	}
	return setUp(c, log)
}

// setUpReader makes a connection one that writes nothing. What is temporary has to be made before.
func setUpReader(c *sqlite3.Conn, log *seal.Log) error {
	return errors.Join(c.Exec("PRAGMA query_only = off"), setUp(c, log),
		c.Exec("PRAGMA query_only = on"))
}

// SetUp gives a connection what the generated queries want beside the tables of the file:
// functions, and a temporary table. Without it they cannot be prepared.
//
// Errors: those of SQLite.
func SetUp(c *sqlite3.Conn) error { return setUp(c, new(seal.Log)) }

func setUp(c *sqlite3.Conn, log *seal.Log) error {
	return errors.Join(functions.Define(c, log), c.Exec(schema.SampleGroups))
}

func hasPages(c *sqlite3.Conn) (some bool, err error) {
	count, _, err := c.Prepare("PRAGMA page_count")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, count.Close()) }()
	return count.Step() && count.ColumnInt(0) > 0, count.Err()
}

// leaveWAL makes the end of a connection leave the WAL as it is, or take it into the file as the
// last connection does.
func leaveWAL(c *sqlite3.Conn, leave bool) error {
	_, err := c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, leave)
	return err
}

// prepare prepares all statements. A history that one of them does not fit was changed by somebody,
// which is no damage.
func prepare(ctx context.Context, conn db.DBTX) (*db.Queries, error) {
	made := &preparing{DBTX: conn}
	q, err := db.Prepare(ctx, made)
	if err == nil {
		return q, nil
	}
	if errors.Is(err, sqlite3.ERROR) {
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
