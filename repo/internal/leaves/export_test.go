package leaves

import "slices"

// PagesOfRows returns the pages on which each row of a page lies, that page among them, in the
// order of the rows.
func (f *File) PagesOfRows(n int) (pages [][]int) {
	data, next := make([]byte, f.pageSize), make([]byte, f.pageSize)
	_, _ = f.read(n, data)
	t, _ := parseTreePage(data, treeStart(n), f.usable())
	for _, c := range t.cells {
		if !f.record.parse(c.local, c.length) {
			continue
		}
		if table := tableOf(&f.record, t.byKey(), f.old); table == nil || table.foreign {
			continue
		}
		list, at := []int{n}, c.overflow
		for left := c.length - len(c.local); left > 0; left -= f.usable() - 4 {
			_, _ = f.read(at, next)
			list, at = append(list, at), u32(next)
		}
		pages = append(pages, list)
	}
	return pages
}

// TakeAllForUsed makes Walk read free pages, too.
func (f *File) TakeAllForUsed() {
	f.autoVacuum, f.freelist = false, freelist{complete: true}
}

// Interior says that a page is one above the leaves.
func (f *File) Interior(n int) bool {
	data := make([]byte, f.pageSize)
	_, _ = f.read(n, data)
	t, ok := parseTreePage(data, treeStart(n), f.usable())
	return ok && t.interior()
}

// IsMap says that a page is one of the pointer map.
func (f *File) IsMap(n int) bool { return f.autoVacuum && n > 1 && f.mapOf(n) == n }

// PageSize is how large the pages are.
func (f *File) PageSize() int { return f.pageSize }

// Columns returns the names of the columns of a table, by the description.
func Columns(name string) (names []string) {
	for _, c := range tableNamed(name).columns {
		names = append(names, c.name)
	}
	return names
}

// Tables returns the names of the tables of a history.
func Tables() (names []string) {
	for _, t := range tables {
		if !t.foreign && t.name != SeriesNames && !slices.Contains(names, t.name) {
			names = append(names, t.name)
		}
	}
	return names
}
