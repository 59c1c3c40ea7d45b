package leaves

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"
)

// candidate is what may be a row.
type candidate struct {
	*table

	payload payload
	values  []Value // nil where it goes on elsewhere and that cannot be read
	chk     int     // the place of the check value among them, -1 for none
}

// content is what a page has.
type content struct {
	rows      []candidate // that look like rows of the history
	decoded   int         // cells that have a record of any kind
	undecoded int         // cells that have none
	foreign   int         // records that are not of the history
	whole     bool        // the page makes sense in all that SQLite has in it
}

// decode reads the cells of a page.
func (f *File) decode(n int, t *treePage) (has content) {
	has.undecoded = t.bad
	left := mostOfAPage
	for i := range t.cells {
		c := &t.cells[i]
		if !f.record.parse(c.local, c.length) {
			has.undecoded++
			continue
		}
		has.decoded++
		table := tableOf(&f.record, t.byKey(), f.old)
		if table == nil || table.foreign {
			has.foreign++
			continue
		}
		row := candidate{table: table, chk: -1}
		if p, ok := f.payload(n, c, &left); ok {
			row.values = table.read(&f.record, p.bytes, c.rowid)
			row.chk, row.payload = table.chk(row.values), p
		}
		has.rows = append(has.rows, row)
	}
	has.whole = t.fills && has.undecoded == 0 && has.foreign == 0 && rise(has.rows)
	return has
}

// rise says that rows are of one table and their keys in order, as far as they can be read.
func rise(rows []candidate) bool {
	var before []Value
	for i := range rows {
		values := rows[i].values
		if values == nil {
			continue
		}
		if before != nil && compareRows(before, values) >= 0 {
			return false
		}
		before = values
	}
	return isOneTable(rows)
}

// judgeRows takes the rows that prove themselves, and gives the others up. All rows of a page are
// of one table.
func (f *File) judgeRows(page *Page, has content, summed bool) {
	of, proven := f.prove(has.rows)
	if of == "" {
		of = f.owner(page.Number)
		if t := tableNamed(of); of != "" && (t == nil || t.foreign) {
			page.Kind = Other
			return
		}
	}
	if of == "" && isOneTable(has.rows) && len(has.rows) > 0 {
		of = has.rows[0].name
	}
	for i := range has.rows {
		row := &has.rows[i]
		found := Row{Table: row.name, Proof: ByCheckValue}
		if proven[i] {
			found.Chk = row.values[row.chk].Int
		} else {
			found.Proof = row.proofByPage(page, of, has.whole, summed)
		}
		if found.Proof == 0 {
			page.giveUp(cmp.Or(of, row.name), 1)
			continue
		}
		found.Values = row.unsealed()
		page.Rows = append(page.Rows, found)
	}
	page.giveUp(of, has.undecoded+has.foreign)
}

// prove says which rows have the check value that they should have, and of which table such rows
// are, "" if there are none.
func (f *File) prove(rows []candidate) (of string, proven []bool) {
	proven = make([]bool, len(rows))
	for i := range rows {
		row := &rows[i]
		if row.hasCheckValue() && row.sum(&f.row, row.values) == row.values[row.chk].Int {
			proven[i], of = true, row.name
		}
	}
	return of, proven
}

func isOneTable(rows []candidate) bool {
	for i := range rows {
		if rows[i].table != rows[0].table {
			return false
		}
	}
	return true
}

// hasCheckValue says that a row is to be judged by that alone.
func (c *candidate) hasCheckValue() bool { return c.chk >= 0 && c.values[c.chk].Kind != Null }

// proofByPage is that of a row without a check value, 0 for none. Where the page may have been
// given back, so may what the row has elsewhere, and be of another row by now; in use, it is the
// map that is damaged.
func (c *candidate) proofByPage(page *Page, of string, whole, summed bool) Proof {
	switch {
	case c.name != of || c.values == nil || c.hasCheckValue():
		return 0
	case page.Doubtful && !c.payload.owned:
		return 0
	case summed && c.payload.summed:
		return ByPageSum
	case whole && !slices.ContainsFunc(c.values, isTorn):
		return ByWholePage
	default:
		return 0
	}
}

// isTorn says that a value is no text that anybody has written. Nothing else tells of an overflow
// page that was lost, and reads as zeros.
func isTorn(v Value) bool {
	return v.Kind == Text && (bytes.IndexByte(v.Bytes, 0) >= 0 || !utf8.Valid(v.Bytes))
}

// unsealed is the values without the check value.
func (c *candidate) unsealed() []Value {
	if c.chk < 0 {
		return c.values
	}
	return slices.Delete(c.values, c.chk, c.chk+1)
}
