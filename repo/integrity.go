package repo

import (
	"context"
	"errors"
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

// checkIntegrity looks through the whole database. Where a table that somebody has added needs a
// function that this program does not have, it looks at the tables of the history only.
func checkIntegrity(ctx context.Context, q queryer) (found integrity, err error) {
	err = found.read(ctx, q, manyFindings)
	if !errors.Is(err, sqlite3.ERROR) {
		return found, err
	}
	for table := range historyTables() {
		if err := found.read(ctx, q, table); err != nil {
			return found, err
		}
	}
	return found, nil
}

// manyFindings are more than the tables of others can have.
const manyFindings = 1 << 30

// read takes in what the check of a table says, or of all with so many findings at most, until it
// has found damage.
func (i *integrity) read(ctx context.Context, q queryer, limits any) error {
	const look = "SELECT integrity_check FROM pragma_integrity_check(?)"
	rows, err := q.QueryContext(ctx, look, limits)
	if err != nil {
		return err
	}
	defer rows.Close()
	for i.damage == "" && rows.Next() {
		var finding string
		if err := rows.Scan(&finding); err != nil {
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
