package corruption

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
)

// pages knows what lies on each page of a sound history, for which SQLite's pointer map says whose
// it is.
type pages struct {
	data   []byte
	tables map[uint32]string // by their roots, and that of the index of series
	counts map[uint64]int    // samples of a block
}

func pagesOf(t *testing.T, whole set) pages {
	t.Helper()
	p := pages{data: whole[""], tables: map[uint32]string{}, counts: map[uint64]int{}}
	path := whole.put(t)
	for _, row := range filetest.Query(t, path,
		"SELECT rootpage, tbl_name FROM sqlite_schema WHERE rootpage > 0") {
		p.tables[uint32(row[0].(int64))] = row[1].(string)
	}
	for _, row := range filetest.Query(t, path, "SELECT id, count FROM raw_blocks") {
		p.counts[uint64(row[0].(int64))] = int(row[1].(int64))
	}
	return p
}

// points is how many points have something on the pages that are not as they were: of a damaged
// file no more may be missing. Of a series everything may be.
func (p pages) points(damaged []byte) (sum int) {
	for page := uint32(1); int(page) <= len(p.data)/pageSize; page++ {
		now := damaged[min(int(page-1)*pageSize, len(damaged)):]
		if bytes.Equal(p.page(page), now[:min(pageSize, len(now))]) {
			continue
		}
		table, tree := p.owner(page)
		header := p.page(tree)
		cells := int(binary.BigEndian.Uint16(header[3:]))
		switch table {
		case "series":
			return math.MaxInt
		case "rollups", "raw_samples", "state_rollups":
			sum += cells
		case "raw_blocks":
			sum += p.samples(header, cells)
		}
	}
	return sum
}

func (p pages) page(n uint32) []byte { return p.data[(n-1)*pageSize:][:pageSize] }

// samples is how many samples the blocks of a leaf have.
func (p pages) samples(leaf []byte, cells int) (sum int) {
	const kind, header = 0x0d, 8
	if leaf[0] != kind {
		return 0
	}
	for i := range cells {
		cell := leaf[binary.BigEndian.Uint16(leaf[header+2*i:]):]
		_, size := varint(cell)
		id, _ := varint(cell[size:])
		sum += p.counts[id]
	}
	return sum
}

// owner is the table of a page, if it has one, and the page of its tree by which the page is
// reached.
func (p pages) owner(page uint32) (table string, tree uint32) {
	const (
		root, child = 1, 5
		entry       = 5 // bytes: what the page is, and which one leads to it
		mapped      = pageSize/entry + 1
	)
	if page == 1 {
		return "sqlite_schema", 1
	}
	for at := page; ; {
		pointers := (at-2)/mapped*mapped + 2
		if at == pointers {
			return "", page
		}
		found := p.page(pointers)[entry*(at-pointers-1):]
		switch parent := binary.BigEndian.Uint32(found[1:]); found[0] {
		case root:
			if tree == 0 {
				tree = at
			}
			return p.tables[at], tree
		case child:
			if tree == 0 {
				tree = at
			}
			at = parent
		case 3, 4: // of what a cell has no room for
			at = parent
		default: // free
			return "", page
		}
		if at == 1 {
			return "sqlite_schema", 1
		}
	}
}

// varint reads a number as SQLite writes them.
func varint(data []byte) (n uint64, size int) {
	const most = 8
	for ; size < most; size++ {
		n = n<<7 | uint64(data[size]&0x7f)
		if data[size] < 0x80 {
			return n, size + 1
		}
	}
	return n<<8 | uint64(data[most]), most + 1
}
