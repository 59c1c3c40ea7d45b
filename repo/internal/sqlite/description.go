package sqlite

import (
	"context"
	"strings"
)

// Description is what a database says of itself.
type Description struct {
	ApplicationID int
	UserVersion   int
	Tables        map[string]string // what kind each table and view is
	Pages         int
	Vacuum        int // auto_vacuum, which is settled with the first page
}

// Describe asks a database for its description.
func Describe(ctx context.Context, q Queryer) (d Description, err error) {
	if d.ApplicationID, err = PragmaInt(ctx, q, "application_id"); err != nil {
		return d, err
	}
	if d.UserVersion, err = PragmaInt(ctx, q, "user_version"); err != nil {
		return d, err
	}
	if d.Pages, err = PragmaInt(ctx, q, "page_count"); err != nil {
		return d, err
	}
	if d.Vacuum, err = PragmaInt(ctx, q, "auto_vacuum"); err != nil {
		return d, err
	}
	d.Tables, err = listTables(ctx, q)
	return d, err
}

// listTables lists the tables and views of a database that are not SQLite's own, and of which kind
// each is.
func listTables(ctx context.Context, q Queryer) (map[string]string, error) {
	rows, err := q.QueryContext(ctx, "PRAGMA main.table_list")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	tables := map[string]string{}
	for rows.Next() {
		var database, name, kind string
		var columns, withoutRowID, strict int
		if err := rows.Scan(&database, &name, &kind, &columns, &withoutRowID, &strict); err != nil {
			return nil, err
		}
		if !strings.HasPrefix(name, "sqlite_") {
			tables[name] = kind
		}
	}
	return tables, rows.Err()
}
