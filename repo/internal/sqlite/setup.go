package sqlite

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/schema"
)

// Conn is a connection of the driver, to be set up once it is open.
type Conn = sqlite3.Conn

// SetUpWriter makes a connection one of a writer, which logs the rows that are not sound. That of a
// file which has no page yet writes the first one. A file that somebody has taken out of WAL mode
// is switched back.
func SetUpWriter(log *seal.Log) func(*Conn) error {
	return func(c *Conn) error { return beWriter(c, log) }
}

func beWriter(c *Conn, log *seal.Log) error {
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
	return SetUp(c, log)
}

// SetUpReader makes a connection one that writes nothing. What is temporary has to be made before.
func SetUpReader(log *seal.Log) func(*Conn) error {
	return func(c *Conn) error {
		return errors.Join(c.Exec("PRAGMA query_only = off"), SetUp(c, log),
			c.Exec("PRAGMA query_only = on"))
	}
}

// SetUp gives a connection what the generated queries want beside the tables of the file:
// functions, and a temporary table. Without it they cannot be prepared.
func SetUp(c *Conn, log *seal.Log) error {
	return errors.Join(keepPlans(c), functions.Define(c, log), c.Exec(schema.SampleGroups))
}

// keepPlans has SQLite make a plan for whatever values a statement is given. Otherwise it prepares
// some statements again whenever those change: that takes as long as reading a thousand rows.
func keepPlans(c *Conn) error {
	_, err := c.Config(sqlite3.DBCONFIG_ENABLE_QPSG, true)
	return err
}

// SetUpOld makes a connection one that takes the rows out of a file of an earlier version.
func SetUpOld(c *Conn) error {
	return errors.Join(leaveWAL(c, true), functions.Define(c, new(seal.Log)))
}

func hasPages(c *Conn) (some bool, err error) {
	count, _, err := c.Prepare("PRAGMA page_count")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, count.Close()) }()
	return count.Step() && count.ColumnInt(0) > 0, count.Err()
}

func leaveWAL(c *Conn, leave bool) error {
	_, err := c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, leave)
	return err
}

// ForgetView keeps the view out of what a connection knows of the schema, which is read again then.
// Where a view comes first in its list of tables, SQLite takes a check of all for one of a single
// table, and does not look for pages that nothing refers to. Our view is the only text of ours that
// has several SELECTs: with a limit of one it is an error, and those are passed over while the
// schema may be written, which this connection cannot do.
func ForgetView(c *Conn) error {
	c.Limit(sqlite3.LIMIT_COMPOUND_SELECT, 1)
	return c.Exec("PRAGMA writable_schema = reset; PRAGMA writable_schema = on")
}
