package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// integrity is what SQLite's integrity check has found that concerns a history, the first of each
// kind.
type integrity struct {
	damage string // pages that do not fit together, or keys that are out of order
	index  string // an index of the series that does not have what the rows say
}

// text is "ok", or what was found first.
func (i *integrity) text() string {
	switch {
	case i.damage != "":
		return i.damage
	case i.index != "":
		return i.index
	default:
		return "ok"
	}
}

// checkIntegrity looks through the whole database at path, also at pages that no table has. name is
// what it is opened by. Where a table that somebody has added needs a function that this program
// does not have, it looks at the tables of the history only.
//
// Rules that somebody has given to tables of their own are not looked at: they may call such
// functions, too.
func checkIntegrity(ctx context.Context, path, name string) (found integrity, err error) {
	if err := registerReaderVFS(); err != nil {
		return found, err
	}
	pool, err := openReaders(path, name, forgetView)
	if err != nil {
		return found, err
	}
	err = found.look(ctx, pool)
	return found, errors.Join(err, pool.Close())
}

// forgetView keeps the view out of what a connection knows of the schema, which is read again then.
// Where a view comes first in its list of tables, SQLite takes a check of all for one of a single
// table, and does not look for pages that nothing refers to. Our view is the only text of ours that
// has several SELECTs: with a limit of one it is an error, and those are passed over while the
// schema may be written, which this connection cannot do.
func forgetView(c *sqlite3.Conn) error {
	c.Limit(sqlite3.LIMIT_COMPOUND_SELECT, 1)
	return c.Exec("PRAGMA writable_schema = reset; PRAGMA writable_schema = on")
}

func (i *integrity) look(ctx context.Context, q queryer) error {
	// More findings than the tables of others can have. As a table-valued function the check takes
	// the number for a name.
	rows, err := q.QueryContext(ctx, "PRAGMA integrity_check(1073741824)")
	if err = i.read(rows, err); !errors.Is(err, sqlite3.ERROR) {
		return err
	}
	for table := range historyTables() {
		rows, err := q.QueryContext(ctx, "SELECT integrity_check FROM pragma_integrity_check(?)", table)
		if err = i.read(rows, err); err != nil {
			return err
		}
	}
	return nil
}

// read takes in what a check says, until it has found damage.
func (i *integrity) read(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for i.damage == "" && rows.Next() {
		var finding string
		if err := rows.Scan(&finding); err != nil {
			return err
		}
		if err := unread(finding); err != nil {
			return err
		}
		i.add(finding)
	}
	return rows.Err()
}

// pageError is what the check says of a page that it could not get.
var pageError = regexp.MustCompile(`error code=(\d+)`)

// unread turns the finding that the disk could not read a page into the error that it is. The check
// goes on where any other statement ends.
func unread(finding string) error {
	for _, match := range pageError.FindAllStringSubmatch(finding, -1) {
		number, _ := strconv.ParseUint(match[1], 10, 16)
		code := sqlite3.ExtendedErrorCode(number)
		if code.Code() == sqlite3.IOERR && code != sqlite3.IOERR_DATA {
			return fmt.Errorf("the check ended at a page: %w", code)
		}
	}
	return nil
}

// add takes a finding in. What concerns a table or an index of somebody else, or a rule about the
// values of a row, is no damage: a row that is not as it was written is left out when it is read.
func (i *integrity) add(finding string) {
	table, isOrder := strings.CutPrefix(finding, "row not in PRIMARY KEY order for ")
	switch {
	case strings.HasPrefix(finding, "*** in database main ***"), isOrder && historyTables()[table]:
		i.damage = finding
	case i.index == "" && strings.HasSuffix(finding, " index sqlite_autoindex_series_1"):
		i.index = finding
	}
}
