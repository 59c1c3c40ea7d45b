package leaves_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/internal/leaves"
)

const pageSumBytes = 8

// oldRows returns the rows of a file of an earlier version.
func oldRows(t testing.TB, path string) rows {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "read.db")
	must(t, filetest.CopyOpen(path, copied))
	found := rows{}
	for _, table := range filetest.Query(t, copied, `
		SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
		name := table[0].(string)
		for _, row := range filetest.Query(t, copied, "SELECT * FROM "+name) {
			found[describe(name, row)]++
		}
	}
	for _, row := range filetest.Query(t, copied, names) {
		found[describe(leaves.SeriesNames, row)]++
	}
	return found
}

// Rows of earlier versions are proven by the checksums of their pages, or where these are missing
// or stale by the page being whole.
func TestOldVersions(t *testing.T) {
	statements, _ := filetest.OldHistory(400)
	for _, old := range []filetest.Old{
		{Version: 1}, {Version: 1, Sums: true}, {Version: 2, Sums: true},
		{Version: 2, Sums: true, Hot: true}, {Version: 2, Sums: true, PageSize: 4096},
	} {
		t.Run(fmt.Sprintf("%+v", old), func(t *testing.T) {
			path := filetest.Path(t)
			old.Make(t, path, statements)
			want := oldRows(t, path)
			size := max(old.PageSize, 512)
			whole := walk(t, path)
			checkRows(t, want, whole)
			if sums := whole.by[leaves.ByPageSum]; old.Sums != (sums == len(want)) {
				t.Errorf("%d of %d rows are proven by %v", sums, len(want), whole.by)
			}
			headless := walk(t, damaged(t, path, func(data []byte) []byte {
				clear(data[:size])
				return data
			}))
			checkRows(t, want, headless)
			stale := walk(t, damaged(t, path, func(data []byte) []byte {
				for end := size; old.Sums && end <= len(data); end += size {
					copy(data[end-pageSumBytes:end], "no sums!")
				}
				return data
			}))
			checkRows(t, want, stale)
			if !old.Hot && stale.by[leaves.ByWholePage] != len(want) {
				t.Errorf("with stale checksums rows are proven by %v", stale.by)
			}
		})
	}
}
