package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// firstLook reads the file, so that a connection that cannot do so is not opened.
const firstLook = "PRAGMA schema_version"

// connection is one of the driver's. Once it has met a fault it is only closed: SQLite was left in
// the middle of something.
type connection struct {
	driver.Conn

	file  vfs.File // the database
	cause *cause
	name  disk.WatchedName
	index disk.WatchedIndex
	still *disk.StillFile // nil where it has an index
	reads bool            // it is open, and only reads
	lost  error           // why it is only closed now: disk.ErrIndex, or errEnded
}

func (c *connection) open(ctx context.Context, from *connector) error {
	opened, err := from.Connector.Connect(ctx)
	if err != nil {
		return err
	}
	var ok bool
	if c.Conn, ok = opened.(driver.Conn); !ok {
		return fmt.Errorf("the driver opens a %T, which cannot be used", opened)
	}
	raw := c.Raw()
	file, err := raw.FileControl("main", sqlite3.FCNTL_FILE_POINTER)
	if err != nil {
		return err
	}
	if c.file, ok = file.(vfs.File); !ok {
		return fmt.Errorf("the driver's file is a %T, which cannot be closed", file)
	}
	c.cause = &guardedOf(c.file).cause
	c.name = disk.WatchName(from.path, openFileOf(c.file))
	if err := c.name.Check(); err != nil {
		return err
	}
	defer raw.SetInterrupt(raw.SetInterrupt(ctx))
	for _, pragma := range from.pragmas {
		if err := raw.Exec("PRAGMA " + pragma); err != nil {
			return err
		}
	}
	if c.still != nil {
		c.still.Opened(c.file)
	} else if err := from.mend(); err != nil {
		return err
	}
	if !c.index.Opened() {
		return disk.ErrIndex
	}
	if from.still != nil {
		if err := raw.Exec(firstLook); err != nil {
			return err
		}
	}
	if from.setUp != nil {
		err = from.setUp(raw)
	}
	c.reads = err == nil && from.still != nil
	return err
}

// errEnded is of a connection that SQLite has given up in the middle of something, for want of
// memory. The file is sound.
var errEnded = errors.New("the connection has ended")

// use calls SQLite.
func (c *connection) use(call func() error) (err error) {
	if c.lost != nil {
		return c.lost
	}
	err = c.catch(call)
	switch {
	case err == nil:
		return nil
	case c.reads && isUnlockable(err):
		return disk.ErrWritten
	default:
		return c.still.Check(err)
	}
}

// catch turns a fault into an error, and what the driver panics with where SQLite has no memory
// left: on a machine of 32 bits that has 32 MiB a connection. Nothing of Go's own can have caused a
// fault with an address: Go has no such pointers.
func (c *connection) catch(call func() error) (err error) {
	defer func(before bool) {
		debug.SetPanicOnFault(before)
		switch fault := recover().(type) {
		case nil:
		case interface {
			runtime.Error
			Addr() uintptr
		}:
			c.lost, err = disk.ErrIndex, disk.ErrIndex
		case runtime.Error:
			panic(fault)
		case error:
			c.lost = fmt.Errorf("%w: %w", errEnded, fault)
			err = c.lost
		default:
			panic(fault)
		}
	}(debug.SetPanicOnFault(true))
	c.cause.err = nil
	err = call()
	return c.cause.explain(err, c.index.Path+disk.IndexSuffix) // call may have set the cause
}

// IsValid says that the connection may be used again.
func (c *connection) IsValid() bool { return c.lost == nil }

// ResetSession refuses a connection that cannot be used any more, and another one is opened. A file
// that has another name by now, to which the path leads, is opened by that.
//
// A connection forgets the pages of a file that was written to. SQLite goes by the index for that,
// which a writer under another name does not have.
func (c *connection) ResetSession(context.Context) error {
	if c.lost != nil || c.index.Changed() || c.name.Check() != nil || c.still.Written() {
		return sqldriver.ErrBadConn
	}
	if c.name.Written() && c.use(c.Raw().ReleaseMemory) != nil {
		return sqldriver.ErrBadConn
	}
	return nil
}

// Close closes the connection, with its locks. After a fault SQLite may fail to: what is left then
// is its memory.
func (c *connection) Close() error {
	told := c.lost != nil
	err := c.catch(c.Conn.Close)
	if c.lost != nil && c.file != nil {
		_ = unlockIndex(c.file)
		_ = c.file.Close()
	}
	if told {
		err = nil
	}
	return err
}

func (c *connection) BeginTx(
	ctx context.Context, options sqldriver.TxOptions,
) (tx sqldriver.Tx, err error) {
	err = c.use(func() error {
		tx, err = c.Conn.BeginTx(ctx, options)
		return err
	})
	return transaction{tx, c}, err
}

func (c *connection) PrepareContext(ctx context.Context, query string) (sqldriver.Stmt, error) {
	s := &statement{of: c, controls: query == beginText || query == commitText}
	err := c.use(func() error {
		prepared, err := c.Conn.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		var ok bool
		if s.preparedStatement, ok = prepared.(preparedStatement); !ok {
			return fmt.Errorf("the driver's statement is a %T, which cannot be used", prepared)
		}
		return nil
	})
	return s, err
}

// CheckIndex is for where transactions begin and end. A fault at the end comes when the
// transaction is in the WAL already, and nobody could say whether it counts.
func (c *connection) lookAtIndex() {
	if c.lost == nil && c.index.Changed() {
		c.lost = disk.ErrIndex
	}
}

// ExecContext runs what is not prepared, which begins and ends transactions as a rule.
func (c *connection) ExecContext(
	ctx context.Context, query string, args []sqldriver.NamedValue,
) (result sqldriver.Result, err error) {
	executor, ok := c.Conn.(sqldriver.ExecerContext)
	if !ok {
		return nil, sqldriver.ErrSkip
	}
	c.lookAtIndex()
	err = c.use(func() error {
		result, err = executor.ExecContext(ctx, query, args)
		return err
	})
	return result, err
}

// CheckNamedValue lets through what its statements check.
func (c *connection) CheckNamedValue(*sqldriver.NamedValue) error { return nil }

// CheckIndex returns disk.ErrIndex where the connection cannot go on with its index.
func CheckIndex(conn *sql.Conn) error {
	return conn.Raw(func(driverConn any) error {
		if c, ok := driverConn.(*connection); ok {
			c.lookAtIndex()
			return c.lost
		}
		return nil
	})
}

// HasEnded says that the connection can only be closed, although the file is sound.
func HasEnded(conn *sql.Conn) bool {
	err := conn.Raw(func(driverConn any) error {
		if c, ok := driverConn.(*connection); ok {
			return c.lost
		}
		return nil
	})
	return errors.Is(err, errEnded)
}
