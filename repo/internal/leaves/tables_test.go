package leaves_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/internal/leaves"
)

// The tables are described as they are made, and records have their columns in the order of the
// table: what is WITHOUT ROWID has its primary key first.
func TestTables(t *testing.T) {
	path := history(t)
	var names []string
	for _, row := range filetest.Query(t, path, `
		SELECT name FROM pragma_table_list
		WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'
		AND name NOT IN ('mine', 'wanstore') AND name NOT LIKE 'push_%'`) { // of which none is taken
		name := row[0].(string)
		names = append(names, name)
		var columns []string
		const info = "SELECT name, pk FROM pragma_table_info(?)"
		for i, column := range filetest.Query(t, path, info, name) {
			columns = append(columns, column[0].(string))
			if pk := column[1].(int64); pk > 0 && int(pk) != i+1 {
				t.Errorf("column %d of %s is %d of the primary key", i, name, pk)
			}
		}
		if diff := cmp.Diff(columns, leaves.Columns(name)); diff != "" {
			t.Errorf("%s (-table +description):\n%s", name, diff)
		}
	}
	described := leaves.Tables()
	slices.Sort(names)
	slices.Sort(described)
	if diff := cmp.Diff(names, described); diff != "" {
		t.Errorf("tables (-made +described):\n%s", diff)
	}
}

// Rows of somebody's own table that look like ours, and have no check values, are told apart by the
// root that their pages lead up to.
func TestTableThatLooksLikeOurs(t *testing.T) {
	path := history(t)
	want := bySQLite(t, path)
	filetest.Exec(t, path, `
		CREATE TABLE alike (
			ts INTEGER, series_id INTEGER, value REAL, chk INTEGER, PRIMARY KEY (ts, series_id)
		) WITHOUT ROWID;
		INSERT INTO alike SELECT id, a, c, NULL FROM mine`)
	got := walk(t, path)
	checkRows(t, want, got)
	if len(got.givenUp) > 0 {
		t.Errorf("given up: %v", got.givenUp)
	}
}

// On a page that is not whole, what has no check value is given up under the name of its table, and
// what has one is not.
func TestPageThatIsNotWhole(t *testing.T) {
	path := history(t)
	v := newVictim(t, path)
	file := open(t, path)
	withCheckValue, without := 0, 0
	lost := map[int]bool{}
	for page, err := range file.Walk(t.Context(), 1) {
		must(t, err)
		for _, row := range page.Rows {
			if row.Table == "rollups" && row.Proof == leaves.ByWholePage {
				without++
				lost[page.Number] = true
			}
		}
	}
	const fragments = 7
	copied := damaged(t, path, func(data []byte) []byte {
		for n := range lost {
			data[(n-1)*v.pageSize+fragments]++
		}
		return data
	})
	got := walk(t, copied)
	for text := range got.rows {
		if strings.HasPrefix(text, "rollups ") {
			withCheckValue++
		}
	}
	all := filetest.Int(t, path, "SELECT count(*) FROM rollups")
	sealed := filetest.Int(t, path, "SELECT count(*) FROM rollups WHERE chk IS NOT NULL")
	if without == 0 || got.givenUp["rollups"] != without || int64(withCheckValue) != sealed {
		t.Errorf("of %d rows, %d with a check value, %d are there and %v are given up",
			all, sealed, withCheckValue, got.givenUp)
	}
}
