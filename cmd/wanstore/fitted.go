package main

import (
	"io"
	"slices"
)

// fittedWidth is how wide a table is that fits: two columns of code, half a screen.
const fittedWidth = 120

// fittedRows are a table that is held back until it is complete, so that it can be made to fit:
// optional columns in which nothing stands are left out, and while the table is too wide those that
// can be spared.
type fittedRows struct {
	out     io.Writer
	columns []column
	cells   [][]string
}

func (f *fittedRows) add(r row) error {
	f.cells = append(f.cells, r.table())
	return nil
}

func (f *fittedRows) end() error {
	for i, c := range slices.Backward(f.columns) {
		if c.mayBeEmpty && f.isEmpty(i) {
			f.drop(i)
		}
	}
	for f.width() > fittedWidth {
		i := f.spare()
		if i < 0 {
			break
		}
		f.drop(i)
	}
	table := newTable(f.out, f.columns...)
	for _, cells := range f.cells {
		if err := table.add(cells...); err != nil {
			return err
		}
	}
	return table.end()
}

func (f *fittedRows) isEmpty(column int) bool {
	return !slices.ContainsFunc(f.cells, func(cells []string) bool { return cells[column] != "" })
}

// spare returns the column that can be spared first, -1 for none.
func (f *fittedRows) spare() int {
	best := -1
	for i, c := range f.columns {
		if c.spares > 0 && (best < 0 || c.spares > f.columns[best].spares) {
			best = i
		}
	}
	return best
}

func (f *fittedRows) drop(column int) {
	f.columns = slices.Delete(slices.Clone(f.columns), column, column+1)
	for i, cells := range f.cells {
		f.cells[i] = slices.Delete(cells, column, column+1)
	}
}

// width is that of the table, with two spaces between columns.
func (f *fittedRows) width() int {
	total := -2
	for i, c := range f.columns {
		widest := widthOf(c.title)
		for _, cells := range f.cells {
			widest = max(widest, widthOf(cells[i]))
		}
		total += 2 + widest
	}
	return total
}
