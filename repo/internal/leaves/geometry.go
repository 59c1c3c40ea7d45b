package leaves

import (
	"io"

	"github.com/wanstore/wanstore/repo/internal/sqlitefile"
)

// geometry is how a database is divided into pages.
type geometry struct {
	pageSize int
	reserved int // bytes at the end of each page that SQLite does not use (section 1.3.4)
}

// pageSumBytes are reserved where pages have checksums: those of SQLite's cksumvfs.
const pageSumBytes = 8

func (g geometry) usable() int { return g.pageSize - g.reserved }

// treeStart is where the header of a page of a b-tree begins.
func treeStart(n int) int {
	if n == 1 {
		return sqlitefile.HeaderBytes
	}
	return 0
}

// lockByte is the page that SQLite never uses (section 1.4).
func (g geometry) lockByte() int { return 0x40000000/g.pageSize + 1 }

// perMap is how many pages there are from one page of the pointer map to the next (section 1.8).
func (g geometry) perMap() int { return g.usable()/5 + 1 }

// mapOf is the page of the pointer map that speaks of a page from 2 on, which may be that page.
func (g geometry) mapOf(n int) int {
	page := (n-2)/g.perMap()*g.perMap() + 2
	if page == g.lockByte() {
		page++
	}
	return page
}

// Where the header may be damaged, the pages themselves say how large they are: a page of a b-tree
// that is taken for larger or smaller than it is does not fill itself any more. Of a large file so
// many stretches have to do.
const (
	stretchBytes  = sqlitefile.LargestPage
	mostStretches = 64
)

// judge returns the geometry in which most of a database makes sense, and false where none does. Of
// two that are as good it prefers the first one that it is given.
func judge(db io.ReaderAt, size int64, preferred ...geometry) (geometry, bool) {
	candidates := preferred
	for bytes := sqlitefile.SmallestPage; bytes <= sqlitefile.LargestPage; bytes *= 2 {
		candidates = append(candidates, geometry{bytes, 0}, geometry{bytes, pageSumBytes})
	}
	scores := make([]int, len(candidates))
	stretches := (size + stretchBytes - 1) / stretchBytes
	read := min(stretches, mostStretches)
	data := make([]byte, stretchBytes)
	for i := range read {
		from := i * stretches / read * stretchBytes
		n, err := db.ReadAt(data, from)
		if sqlitefile.Ended(err) != nil {
			continue // what cannot be read says nothing
		}
		for i, g := range candidates {
			scores[i] += g.sense(data[:n], from == 0)
		}
	}
	best := 0
	for i, score := range scores {
		if score > scores[best] {
			best = i
		}
	}
	return candidates[best], scores[best] > 0
}

// sense is how many bytes of a part of a database are of pages that fill themselves.
func (g geometry) sense(data []byte, first bool) (bytes int) {
	for at := 0; at+g.pageSize <= len(data); at += g.pageSize {
		n := 2
		if first && at == 0 {
			n = 1
		}
		page := data[at : at+g.pageSize]
		if t, ok := parseTreePage(page, treeStart(n), g.usable()); ok && t.fills {
			bytes += g.pageSize
		}
	}
	return bytes
}
