package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
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
	pool, err := sqlite.OpenReaders(path, name, sqlite.ForgetView)
	if err != nil {
		return found, err
	}
	err = found.look(ctx, pool)
	return found, errors.Join(err, pool.Close())
}

func (i *integrity) look(ctx context.Context, q sqlite.Queryer) error {
	// More findings than the tables of others can have. As a table-valued function the check takes
	// the number for a name.
	rows, err := q.QueryContext(ctx, "PRAGMA integrity_check(1073741824)")
	if err = i.read(rows, err); !sqlite.DoesNotFit(err) {
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
		if err := sqlite.UnreadPage(finding); err != nil {
			return err
		}
		i.add(finding)
	}
	return rows.Err()
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

// checkBudget is how long the check at open may take, so that a program that was killed records
// again within a second. It suffices for some 50 MB; of a larger file the check sees a part.
const checkBudget = 500 * time.Millisecond

// errTimeUp says that the check has used up its time.
var errTimeUp = errors.New("the time of the check is up")

// check looks whether the pages of the file fit together, as far as its time goes. What the rows
// say is no matter of damage.
func (w *Writer) check(ctx context.Context, findings *Findings) error {
	limited, cancel := context.WithTimeoutCause(ctx, checkBudget, errTimeUp)
	defer cancel()
	found, err := checkIntegrity(limited, w.path, sqlite.ReaderDSN(w.path))
	switch {
	case err != nil && ctx.Err() == nil && limited.Err() != nil:
		findings.Unchecked = true
		return nil
	case err != nil:
		return err
	case found.damage != "":
		return fmt.Errorf("%w: the check at open says: %s", ErrDamaged, found.damage)
	default:
		return nil
	}
}
