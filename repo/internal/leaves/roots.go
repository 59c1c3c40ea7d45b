package leaves

import "slices"

// Trees are followed so far, for damaged ones lead in circles.
const (
	mostSchemaPages = 10_000
	deepestTree     = 40
)

// owner returns which table or index a page is of, by the root that the pointer map leads up to,
// page by page of which each leads down again, and by what the schema says of that root. It is ""
// where any of this cannot be read.
func (f *File) owner(n int) string {
	if f.roots == nil {
		f.readSchema()
	}
	for range deepestTree {
		entry, mapped := f.mapped(n)
		switch {
		case mapped && entry.kind == rootPage:
			return f.roots[n]
		case mapped && entry.kind == treeChild && slices.Contains(f.children(entry.parent), n):
			n = entry.parent
		default:
			return ""
		}
	}
	return ""
}

// children are the pages that an interior page leads to, none where it cannot be read.
func (f *File) children(n int) []int {
	t, page, ok := f.treePage(n)
	if !ok || !t.interior() {
		return nil
	}
	return t.children(page, treeStart(n))
}

// treePage reads a page of a b-tree, and returns false for what is none.
func (f *File) treePage(n int) (t treePage, page []byte, ok bool) {
	if !f.holdsContent(n) {
		return t, nil, false
	}
	page = make([]byte, f.pageSize)
	if _, err := f.read(n, page); err != nil {
		return t, nil, false
	}
	t, ok = parseTreePage(page, treeStart(n), f.usable())
	return t, page, ok
}

// readSchema reads what it can reach of the schema, whose root is page 1 (section 2.6).
func (f *File) readSchema() {
	f.roots = map[int]string{}
	seen := newBitset(f.pages)
	waiting := []int{1}
	for read := 0; len(waiting) > 0 && read < mostSchemaPages; read++ {
		n := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if n < 1 || n > f.pages || !seen.add(n) {
			continue
		}
		t, page, ok := f.treePage(n)
		switch {
		case ok && t.kind == interiorTable:
			waiting = append(waiting, t.children(page, treeStart(n))...)
		case ok && t.kind == leafTable:
			f.readRoots(n, &t)
		}
	}
}

func (f *File) readRoots(n int, t *treePage) {
	left := mostOfAPage
	schema := tableNamed("sqlite_schema")
	for i := range t.cells {
		c := &t.cells[i]
		if !f.record.parse(c.local, c.length) || !schema.fits(&f.record, false) {
			continue
		}
		if p, ok := f.payload(n, c, &left); ok {
			const name, root = 1, 3
			values := f.record.values(p.bytes)
			f.roots[int(values[root].Int)] = string(values[name].Bytes)
		}
	}
}
