package repo

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// openPool is the driver's Open for the file at path, except that its connections outlive their
// index, the -shm. The driver maps that into memory: where it is cut off, or cannot be read from a
// worn card, whatever looks at it gets a fault, of which the process would die. Here that is
// disk.ErrIndex, and the end of the connection.
func openPool(path, name string, setUp func(*sqlite3.Conn) error) (*sql.DB, error) {
	if err := disk.AreFiles(path); err != nil {
		return nil, err
	}
	c, err := newConnector(path, name, setUp)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

func newConnector(path, name string, setUp func(*sqlite3.Conn) error) (*connector, error) {
	name, pragmas, err := takePragmas(name)
	if err != nil {
		return nil, err
	}
	inner, err := new(driver.SQLite).OpenConnector(name)
	return &connector{Connector: inner, path: path, pragmas: pragmas, setUp: setUp}, err
}

type connector struct {
	sqldriver.Connector

	path    string
	pragmas []string
	setUp   func(*sqlite3.Conn) error
	still   *connector // of a file beside which no index can be made, nil where that is an error
}

// takePragmas takes the pragmas out of a data source name, but for the one that the driver wants to
// know of: of one that reads the file the driver says that it is invalid, whatever is wrong with
// the file.
func takePragmas(name string) (rest string, pragmas []string, err error) {
	source, err := url.Parse(name)
	if err != nil {
		return "", nil, err
	}
	query := source.Query()
	pragmas = query[pragmaParameter]
	query.Del(pragmaParameter)
	if slices.Contains(pragmas, queryOnly) {
		query.Set(pragmaParameter, queryOnly)
	}
	source.RawQuery = encode(query)
	return source.String(), pragmas, nil
}

// Where processes come and go, the first of them rebuilds the index each time. That looks like one
// that was cut off, or has to be rebuilt where nobody may, and is over within so many looks.
const (
	connectTries = 100
	connectPause = time.Millisecond
)

// Connect opens a connection.
func (c *connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	for try := 1; ; try++ {
		conn, err := c.connect(ctx)
		if err == nil {
			return conn, nil
		}
		if !errors.Is(err, disk.ErrIndex) && !isUnlockable(err) || try == connectTries {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(connectPause):
		}
	}
}

// mend mends the index of a history. A file that is only looked at may be somebody else's.
func (c *connector) mend() error {
	if c.setUp == nil {
		if ours, err := disk.IsHistory(c.path); err != nil || !ours {
			return err
		}
	}
	return disk.MendIndex(c.path)
}

func (c *connector) connect(ctx context.Context) (*connection, error) {
	_ = c.mend() // what cannot be mended is seen again once it is open
	conn, err := c.begin(ctx, nil)
	if err == nil || c.still == nil || !lacksIndex(err) {
		return conn, err
	}
	if still := disk.BeStill(ctx, c.path); still != nil {
		return c.still.begin(ctx, still)
	}
	return c.begin(ctx, nil) // somebody else may have made what it takes since
}

func (c *connector) begin(ctx context.Context, still *disk.StillFile) (*connection, error) {
	conn := &connection{cause: new(cause), index: disk.WatchIndex(c.path), still: still}
	err := conn.use(func() error { return conn.open(ctx, c) })
	if err == nil {
		return conn, nil
	}
	if conn.Conn != nil {
		_ = conn.Close() // it was never in use
	}
	return nil, err
}

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

// lookAtIndex is for where transactions begin and end. A fault at the end comes when the
// transaction is in the WAL already, and nobody could say whether it counts.
func (c *connection) lookAtIndex() {
	if c.lost == nil && c.index.Changed() {
		c.lost = disk.ErrIndex
	}
}

// lookAtIndex returns disk.ErrIndex where the connection cannot go on with its index.
func lookAtIndex(conn *sql.Conn) error {
	return conn.Raw(func(driverConn any) error {
		if c, ok := driverConn.(*connection); ok {
			c.lookAtIndex()
			return c.lost
		}
		return nil
	})
}

// hasEnded says that the connection can only be closed, although the file is sound.
func hasEnded(conn *sql.Conn) bool {
	err := conn.Raw(func(driverConn any) error {
		if c, ok := driverConn.(*connection); ok {
			return c.lost
		}
		return nil
	})
	return errors.Is(err, errEnded)
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

// openReaders is openPool for connections that only read. Where no index can be made, they go
// without as long as the file is still.
func openReaders(path, name string, setUp func(*sqlite3.Conn) error) (*sql.DB, error) {
	if err := disk.AreFiles(path); err != nil {
		return nil, err
	}
	c, err := newConnector(path, name, setUp)
	if err != nil {
		return nil, err
	}
	if c.still, err = newConnector(path, name+"&immutable=1", setUp); err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// firstLook reads the file, so that a connection that cannot do so is not opened.
const firstLook = "PRAGMA schema_version"
