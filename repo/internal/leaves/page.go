package leaves

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// The kinds of b-tree pages (section 1.6), by their first byte.
const (
	interiorIndex = 0x02
	interiorTable = 0x05
	leafIndex     = 0x0a
	leafTable     = 0x0d
)

// treePage is a page of a b-tree.
type treePage struct {
	kind  byte
	cells []cell
	bad   int  // cells that are none
	fills bool // cells, free blocks and fragments fill the page exactly
}

// cell is what a page has of a row, or of a key of an interior page.
type cell struct {
	extent

	child    int   // of an interior page
	rowid    int64 // of a page of a table with rowids
	length   int   // of the payload, 0 where there is none
	local    []byte
	overflow int // the page on which the payload goes on, 0 if it does not
}

// extent is a part of a page.
type extent struct{ from, until int }

// byKey says that the page is of an index, or of a table WITHOUT ROWID, which is one to SQLite.
func (t *treePage) byKey() bool { return t.kind == leafIndex || t.kind == interiorIndex }

func (t *treePage) interior() bool { return t.kind == interiorTable || t.kind == interiorIndex }

// parseTreePage takes a page and where its header begins, which is behind that of the database on
// page 1. It returns false for what is no page of a b-tree.
func parseTreePage(page []byte, at, usable int) (treePage, bool) {
	t := treePage{kind: page[at]}
	header := 8
	switch t.kind {
	case leafIndex, leafTable:
	case interiorIndex, interiorTable:
		header = 12
	default:
		return t, false
	}
	count, pointers := int(u16(page[at+3:])), at+header
	end := pointers + 2*count
	if end > usable {
		return t, false
	}
	t.cells = make([]cell, 0, count)
	for p := pointers; p < end; p += 2 {
		c, ok := t.parseCell(page[:usable], int(u16(page[p:])))
		if !ok || c.from < end {
			t.bad++
			continue
		}
		t.cells = append(t.cells, c)
	}
	if t.fills = t.bad == 0 && t.isFilled(page[at:at+8], page, end, usable); !t.fills {
		t.dropRepeated()
	}
	return t, true
}

// children are the pages that an interior page leads to.
func (t *treePage) children(page []byte, at int) []int {
	children := []int{u32(page[at+8:])}
	for i := range t.cells {
		children = append(children, t.cells[i].child)
	}
	return children
}

// dropRepeated leaves one of the cells that damaged pointers have made several of.
func (t *treePage) dropRepeated() {
	slices.SortFunc(t.cells, func(a, b cell) int { return cmp.Compare(a.from, b.from) })
	t.cells = slices.CompactFunc(t.cells, func(a, b cell) bool { return a.from == b.from })
}

func u16(p []byte) uint16 { return binary.BigEndian.Uint16(p) }

// u32 reads the number of a page. On a machine of 32 bits a large one becomes negative, which is
// none.
func u32(p []byte) int { return int(binary.BigEndian.Uint32(p)) }

// parseCell reads the cell at a place. page ends with its usable bytes.
func (t *treePage) parseCell(page []byte, from int) (c cell, ok bool) {
	at := from
	if t.interior() {
		if at+4 > len(page) {
			return c, false
		}
		c.child = u32(page[at:])
		at += 4
	}
	if at > len(page) {
		return c, false
	}
	if t.kind != interiorTable {
		length, n := varint(page[at:])
		if n == 0 || length > mostPayload {
			return c, false
		}
		c.length, at = int(length), at+n
	}
	if !t.byKey() {
		rowid, n := varint(page[at:])
		if n == 0 {
			return c, false
		}
		c.rowid, at = int64(rowid), at+n
	}
	local := t.localBytes(c.length, len(page))
	end := at + local
	if local < c.length {
		end += 4
	}
	if end > len(page) {
		return c, false
	}
	c.local = page[at : at+local : at+local]
	if local < c.length {
		c.overflow = u32(page[end-4:])
	}
	c.extent = extent{from, max(end, from+4)} // so that its place can become a free block
	return c, c.until <= len(page)
}

// localBytes is how much of a payload lies on the page (section 1.6).
func (t *treePage) localBytes(length, usable int) int {
	most := usable - 35
	if t.kind != leafTable {
		most = (usable-12)*64/255 - 23
	}
	if length <= most {
		return length
	}
	least := (usable-12)*32/255 - 23
	if local := least + (length-least)%(usable-4); local <= most {
		return local
	}
	return least
}

// isFilled says that each byte behind the pointers is of one thing: of what was never used, of one
// cell, of one free block, or of the fragments, as the header counts them (section 1.6).
func (t *treePage) isFilled(header, page []byte, pointers, usable int) bool {
	top := int(u16(header[5:]))
	if top == 0 {
		top = 1 << 16
	}
	if top < pointers || top > usable {
		return false
	}
	parts := make([]extent, 0, len(t.cells)+8)
	for i := range t.cells {
		parts = append(parts, t.cells[i].extent)
	}
	for at, before := int(u16(header[1:])), 0; at != 0; at = int(u16(page[at:])) {
		if at <= before || at+4 > usable {
			return false
		}
		parts = append(parts, extent{at, at + int(u16(page[at+2:]))})
		before = at
	}
	slices.SortFunc(parts, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
	free, end := int(header[7]), top
	for _, part := range parts {
		if part.from < end || part.until > usable || part.until < part.from+4 {
			return false
		}
		free -= part.from - end
		end = part.until
	}
	return free == usable-end
}
