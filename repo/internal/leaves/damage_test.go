package leaves_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/internal/leaves"
)

// victim is an undamaged history, and what is known of its pages.
type victim struct {
	path     string
	pageSize int
	pages    int
	present  rows // what lies in the file, deleted or not
	inUse    rows
	onPages  []placedRow // those in use
	roots    map[int]bool
	maps     map[int]bool
	interior map[int]bool
}

// placedRow is a row that is in use, and the pages on which it lies.
type placedRow struct {
	text  string
	pages []int
}

func newVictim(t *testing.T, path string) *victim {
	t.Helper()
	file := open(t, path)
	v := &victim{
		path: path, pageSize: file.PageSize(), pages: file.Pages(),
		roots: map[int]bool{}, maps: map[int]bool{}, interior: map[int]bool{},
	}
	for page, err := range file.Walk(t.Context(), 1) {
		must(t, err)
		n := page.Number
		v.maps[n], v.interior[n] = file.IsMap(n), file.Interior(n) && page.Kind != leaves.Free
		if len(page.Rows) == 0 {
			continue
		}
		for i, pages := range file.PagesOfRows(n) {
			v.onPages = append(v.onPages, placedRow{describeRow(page.Rows[i]), pages})
		}
	}
	const roots = "SELECT rootpage FROM sqlite_schema WHERE rootpage > 0"
	for _, row := range filetest.Query(t, path, roots) {
		v.roots[int(row[0].(int64))] = true
	}
	v.inUse = bySQLite(t, path)
	checkRows(t, v.inUse, walk(t, path))
	v.present = present(t, path)
	return v
}

// judge damages pages of a history, and walks over what is left.
func (v *victim) judge(t *testing.T, isLost func(n int) bool) walked {
	t.Helper()
	path := damaged(t, v.path, func(data []byte) []byte {
		for n := 1; n <= v.pages; n++ {
			if isLost(n) {
				clear(data[(n-1)*v.pageSize : n*v.pageSize])
			}
		}
		return data
	})
	return v.check(t, path, isLost)
}

// intact are the rows of which nothing is lost.
func (v *victim) intact(isLost func(n int) bool) rows {
	left := rows{}
	for _, row := range v.onPages {
		if !slices.ContainsFunc(row.pages, isLost) {
			left[row.text]++
		}
	}
	return left
}

// check wants the rows on pages that are as they were, and no others but doubtful ones.
func (v *victim) check(t *testing.T, path string, isLost func(n int) bool) walked {
	t.Helper()
	want := v.intact(isLost)
	got := walk(t, path)
	certain := rows{}
	for text, n := range got.rows {
		if n -= got.doubtful[text]; n > 0 {
			certain[text] = n
		}
	}
	for i, row := range want.minus(got.rows) {
		if i < 5 {
			t.Errorf("missing: %.200s", row)
		}
	}
	for i, row := range certain.minus(want) {
		if i < 5 {
			t.Errorf("deleted, or never written: %.200s", row)
		}
	}
	if never := got.rows.minus(v.present); len(never) > 0 {
		t.Errorf("never written: %.200s", never[0])
	}
	t.Logf("%d rows wanted, %d found, %d of them doubtful; pages %v, given up %v",
		len(want), len(got.rows), len(got.doubtful), got.kinds, got.givenUp)
	return got
}

func TestDamaged(t *testing.T) {
	v := newVictim(t, history(t))
	half := rand.New(rand.NewPCG(1, 2)).Perm(v.pages)[:v.pages/2]
	isHalf := map[int]bool{}
	for _, n := range half {
		isHalf[n+1] = true
	}
	for name, isLost := range map[string]func(n int) bool{
		"page 1":             func(n int) bool { return n == 1 },
		"the first eight":    func(n int) bool { return n <= 8 },
		"roots":              func(n int) bool { return v.roots[n] },
		"above the leaves":   func(n int) bool { return v.interior[n] },
		"the pointer map":    func(n int) bool { return v.maps[n] },
		"page 1 and the map": func(n int) bool { return n == 1 || v.maps[n] },
		"half of all":        func(n int) bool { return isHalf[n] },
	} {
		t.Run(name, func(t *testing.T) { v.judge(t, isLost) })
	}
	for _, size := range []int{v.pages / 2 * v.pageSize, v.pages/3*v.pageSize + 100} {
		t.Run(fmt.Sprintf("cut off at %d", size), func(t *testing.T) {
			path := damaged(t, v.path, func(data []byte) []byte { return data[:size] })
			v.check(t, path, func(n int) bool { return n*v.pageSize > size })
		})
	}
}

// Where neither the map nor the freelist tells what is in use, deleted rows come as doubtful ones.
func TestNothingTellsWhatIsInUse(t *testing.T) {
	v := newVictim(t, history(t))
	trunk := firstFree(t, v.path)
	got := v.judge(t, func(n int) bool { return n == 1 || n == trunk || v.maps[n] })
	if len(got.doubtful) != len(got.rows) || len(got.rows) <= len(v.onPages) {
		t.Errorf("%d rows are in use, %d were found, and %d of them are doubtful",
			len(v.onPages), len(got.rows), len(got.doubtful))
	}
}

const remade = `
	PRAGMA journal_mode = delete;
	PRAGMA page_size = %d;
	PRAGMA auto_vacuum = %s;
	VACUUM;
	PRAGMA journal_mode = wal;
	DELETE FROM rollups WHERE series_id IN (2, 3);
	DELETE FROM state_rollups WHERE granularity = '1m' AND series_id = 7;
	DELETE FROM raw_blocks WHERE id %% 10000000000000000 %% 60000000 <> 0`

// Whatever the size of the pages and the mode of auto_vacuum are, and whether the header says so.
func TestGeometries(t *testing.T) {
	for _, size := range []int{512, 1024, 4096, 65536} {
		for _, mode := range []string{"none", "full", "incremental"} {
			t.Run(fmt.Sprintf("%d %s", size, mode), func(t *testing.T) {
				path := history(t)
				filetest.Exec(t, path, fmt.Sprintf(remade, size, mode))
				v := newVictim(t, path)
				if v.pageSize != size {
					t.Errorf("the pages have %d bytes", v.pageSize)
				}
				t.Logf("%d pages, %d rows, %d in use", v.pages, len(v.present), len(v.onPages))
				v.judge(t, func(int) bool { return false })
				v.judge(t, func(n int) bool { return n == 1 })
				v.judge(t, func(n int) bool { return n == 1 || v.maps[n] })
				v.judge(t, func(n int) bool { return n > 1 && n%2 == 0 && !v.maps[n] })
			})
		}
	}
}

// firstFree is the page at which the freelist begins.
func firstFree(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return int(binary.BigEndian.Uint32(data[32:]))
}
