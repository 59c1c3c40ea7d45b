package wanctl

import (
	"context"
	"fmt"
	"slices"

	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// metricsColumns are those of wanctl's table metrics.
var metricsColumns = []string{
	"id", "timestamp", "wan_name", "metric_name", "value", "labels", "granularity",
}

// checkColumns refuses a table metrics with other columns than wanctl's, and one whose
// columns are worked out when they are read: nobody knows how long that takes, or what it gives. An
// import goes on from an id, so these have to be numbers, each of one row.
func checkColumns(ctx context.Context, q sqlite.Queryer) error {
	found, err := storedColumns(ctx, q, "metrics")
	if err != nil {
		return err
	}
	for _, name := range metricsColumns {
		if !slices.Contains(found, name) {
			return fmt.Errorf("%w: its table metrics has no column %s", ErrNotWanctl, name)
		}
	}
	for _, name := range found {
		if !slices.Contains(metricsColumns, name) {
			return fmt.Errorf("%w: its table metrics has a column %.80q", ErrNotWanctl, name)
		}
	}
	var numbered bool
	if err := q.QueryRowContext(ctx, "SELECT count(*) = 1 AND upper(min(type)) = 'INTEGER' AND "+
		"lower(min(name)) = 'id' FROM pragma_table_xinfo('metrics') WHERE pk > 0").
		Scan(&numbered); err != nil {
		return err
	}
	if !numbered {
		return fmt.Errorf("%w: the id of its table metrics is no INTEGER PRIMARY KEY", ErrNotWanctl)
	}
	return nil
}

// storedColumns lists the columns of a table, in small letters: of those that are worked out when
// they are read it says so behind the name.
func storedColumns(ctx context.Context, q sqlite.Queryer, table string) ([]string, error) {
	// as PRAGMA it takes no parameter
	rows, err := q.QueryContext(ctx,
		"SELECT lower(name) || iif(hidden = 0, '', ' (generated)') FROM pragma_table_xinfo(?)", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
