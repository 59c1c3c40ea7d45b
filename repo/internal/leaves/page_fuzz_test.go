package leaves

import (
	"cmp"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/wanstore/wanstore/repo/internal/seal"
)

// Any bytes are a page, or not, and no row of one leads outside the page.
//
//ci:fuzz 30000
func FuzzTreePage(f *testing.F) {
	page, err := hex.DecodeString("0a000000020034000034001a" + "0000000000000000000000000000" +
		"19061706060801020331300007000000000001000000000003f0" +
		"19061706060801020331310007000000000001000000000003f0")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page, uint8(0))
	f.Add(append([]byte{leafTable}, page[1:]...), uint8(8))
	f.Add(append([]byte{interiorIndex}, page[1:]...), uint8(1))
	f.Add(append([]byte{interiorTable}, page[1:]...), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, reserved uint8) {
		const size = 512
		page := make([]byte, size)
		copy(page, data)
		usable := size - int(reserved)%(size-480+1)
		tree, ok := parseTreePage(page, 0, usable)
		if !ok {
			return
		}
		if tree.fills {
			checkApart(t, tree.cells, usable)
		}
		var r record
		var sum seal.Row
		for _, c := range tree.cells {
			if !r.parse(c.local, c.length) || len(c.local) < c.length {
				continue
			}
			values := r.values(c.local)
			if compareRows(values, values) != 0 {
				t.Errorf("%v comes before itself", values)
			}
			if table := tableOf(&r, tree.byKey(), usable < size); table != nil {
				table.sum(&sum, table.read(&r, c.local, c.rowid))
			}
		}
	})
}

// checkApart wants cells that do not overlap.
func checkApart(t *testing.T, cells []cell, usable int) {
	t.Helper()
	slices.SortFunc(cells, func(a, b cell) int { return cmp.Compare(a.from, b.from) })
	end := 0
	for _, c := range cells {
		if c.from < end || c.until > usable || c.until < c.from+4 {
			t.Errorf("a cell from %d until %d behind %d, of %d", c.from, c.until, end, usable)
		}
		end = c.until
	}
}
