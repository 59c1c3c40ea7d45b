package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/rivo/uniseg"
)

// tableBatch is how many rows are held back to find the widths of the columns.
const tableBatch = 1000

// table writes aligned columns. It holds a batch of rows at a time, and no column gets narrower
// from one batch to the next, so that a table of any length neither sits in memory nor jumps about:
// text/tabwriter does the one or the other, cannot put numbers to the right and text to the left,
// and takes every character to be one cell of the terminal wide.
type table struct {
	out    *bufio.Writer
	right  []bool
	widths []int
	rows   [][]string
}

// column is a title and the side that the column is aligned to.
type column struct {
	title      string
	right      bool
	mayBeEmpty bool // and is then left out, where rows are fitted
	spares     int  // the larger, the sooner it is left out where they are too wide; 0 is never
}

func left(title string) column  { return column{title: title} }
func right(title string) column { return column{title: title, right: true} }

// optional is the same column, left out where nothing stands in it.
func (c column) optional() column {
	c.mayBeEmpty = true
	return c
}

// spare is the same column, left out where a table is too wide, those of a higher rank first.
func (c column) spare(rank int) column {
	c.spares = rank
	return c
}

// newTable returns a table with a row of titles. Without columns there is none, and everything is
// aligned to the left.
func newTable(out io.Writer, columns ...column) *table {
	t := &table{out: bufio.NewWriter(out)}
	var titles []string
	for _, c := range columns {
		titles = append(titles, c.title)
		t.right = append(t.right, c.right)
	}
	if titles != nil {
		t.rows = append(t.rows, titles)
	}
	return t
}

// add adds a row.
func (t *table) add(cells ...string) error {
	t.rows = append(t.rows, cells)
	if len(t.rows) < tableBatch {
		return nil
	}
	return t.print()
}

// flush writes what is held back.
func (t *table) flush() error {
	if err := t.print(); err != nil {
		return err
	}
	return t.out.Flush()
}

// end ends a table that is complete.
func (t *table) end() error { return t.flush() }

func (t *table) print() error {
	for _, row := range t.rows {
		t.widen(row)
	}
	for _, row := range t.rows {
		if _, err := t.out.WriteString(t.line(row)); err != nil {
			return err
		}
	}
	t.rows = t.rows[:0]
	return nil
}

func (t *table) widen(row []string) {
	for i, cell := range row {
		if i == len(t.widths) {
			t.widths = append(t.widths, 0)
		}
		t.widths[i] = max(t.widths[i], widthOf(cell))
	}
}

func (t *table) line(row []string) string {
	var text strings.Builder
	for i, cell := range row {
		if i > 0 {
			text.WriteString("  ")
		}
		padding := strings.Repeat(" ", t.widths[i]-widthOf(cell))
		if i < len(t.right) && t.right[i] {
			text.WriteString(padding + cell)
			continue
		}
		text.WriteString(cell + padding)
	}
	return strings.TrimRight(text.String(), " ") + "\n"
}

// printable returns a name as it is, or quoted where it would do things to a terminal.
func printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}

// escape returns JSON that does nothing to a terminal.
func escape(text string) string {
	var escaped strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			escaped.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&escaped, `\u%04x`, unit)
		}
	}
	return escaped.String()
}

// widthOf returns how many cells of a terminal a text takes. Nearly all are ASCII, for which the
// library takes a while.
func widthOf(text string) int {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return uniseg.StringWidth(text)
	}
	return len(text)
}

// clip returns as much of a text as fits into a width, and an ellipsis for the rest.
func clip(text string, width int) string {
	if widthOf(text) <= width {
		return text
	}
	clipped, used := "", 0
	for graphemes := uniseg.NewGraphemes(text); graphemes.Next(); {
		if used += graphemes.Width(); used >= width { // the last cell is that of the ellipsis
			break
		}
		clipped += graphemes.Str()
	}
	if width < 1 {
		return ""
	}
	return clipped + "…"
}
