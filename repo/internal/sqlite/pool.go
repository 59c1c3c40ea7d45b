package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3/driver"

	"github.com/wanstore/wanstore/repo/internal/disk"
)

// OpenPool is the driver's Open for the file at path, whose data source name is name and each of
// whose connections setUp makes ready, except that its connections outlive their
// index, the -shm. The driver maps that into memory: where it is cut off, or cannot be read from a
// worn card, whatever looks at it gets a fault, of which the process would die. Here that is
// disk.ErrIndex, and the end of the connection.
func OpenPool(path, name string, setUp func(*Conn) error) (*sql.DB, error) {
	if err := disk.AreFiles(path); err != nil {
		return nil, err
	}
	c, err := newConnector(path, name, setUp)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// OpenReaders is OpenPool for connections that only read. Where no index can be made, they go
// without as long as the file is still.
func OpenReaders(path, name string, setUp func(*Conn) error) (*sql.DB, error) {
	if err := disk.AreFiles(path); err != nil {
		return nil, err
	}
	c, err := newConnector(path, name, setUp)
	if err != nil {
		return nil, err
	}
	if c.still, err = newConnector(path, name+immutable, setUp); err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// connector opens the connections of a pool.
type connector struct {
	sqldriver.Connector

	path    string
	pragmas []string
	setUp   func(*Conn) error
	still   *connector // of a file beside which no index can be made, nil where that is an error
}

func newConnector(path, name string, setUp func(*Conn) error) (*connector, error) {
	name, pragmas, err := takePragmas(name)
	if err != nil {
		return nil, err
	}
	if err := registerVFSs(); err != nil {
		return nil, err
	}
	inner, err := new(driver.SQLite).OpenConnector(name)
	return &connector{Connector: inner, path: path, pragmas: pragmas, setUp: setUp}, err
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
