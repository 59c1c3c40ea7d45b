package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/guptarohit/asciigraph"
)

// scale is the vertical axis of a chart: rows at round values.
type scale struct {
	base     float64 // the lowest row, in rows above 0
	row      float64 // from one row to the next
	rows     int     // above the lowest
	decimals int
}

// newScale returns the finest scale of at most so many rows above the lowest that has room for both
// values. A series that does not change, or by no more than is left of a float64's digits, has one
// row.
func newScale(low, high float64, rows int) scale {
	span := high/float64(rows) - low/float64(rows) // high-low may be infinite
	if span <= 1e-9*max(math.Abs(low), math.Abs(high)) {
		return scale{base: 1, row: low}
	}
	for exponent := math.Floor(math.Log10(span)); ; exponent++ {
		for _, factor := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8} {
			s := scale{row: factor * math.Pow(10, exponent), decimals: -int(exponent)}
			if factor != math.Trunc(factor) {
				s.decimals++
			}
			s.decimals = max(s.decimals, 0)
			s.base = math.Round(low / s.row) // as asciigraph rounds
			if above := math.Round(high/s.row) - s.base; above <= float64(rows) {
				s.rows = int(above)
				return s
			}
		}
	}
}

// height returns how many rows above the lowest a value lies.
func (s scale) height(value float64) float64 {
	if s.rows == 0 {
		return 0
	}
	return min(max(value/s.row-s.base, 0), float64(s.rows))
}

// label returns the value of a row, in at most so many characters if that is possible at all.
func (s scale) label(row float64, most int) string {
	value := (s.base + math.Round(row)) * s.row
	text := strconv.FormatFloat(value, 'f', s.decimals, 64)
	if s.rows == 0 {
		text = trimmed(value)
	}
	for digits := 15; len(text) > most && digits > 0; digits-- {
		text = strconv.FormatFloat(value, 'g', digits, 64)
	}
	return text
}

// labels returns the values of the rows, lowest first.
func (s scale) labels(most int) []string {
	list := make([]string, s.rows+1)
	for row := range list {
		list[row] = s.label(float64(row), most)
	}
	return list
}

// scaleOf returns the scale of a series.
func scaleOf(cells []cell, rows int) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range cells {
		if c.count > 0 {
			low, high = min(low, c.min), max(high, c.max, c.value)
		}
	}
	return newScale(low, high, rows)
}

// chart draws columns as lines of text, with the labels of the rows to the left, in a margin of
// that width.
//
// asciigraph works with the heights of rows instead of values: of values close together or far from
// zero it would compute rows that there are not.
func chart(columns []cell, s scale, margin int, colours bool) []string {
	var ink strokes
	ink.shade(columns, s)
	ink.line(columns, s)
	options := []asciigraph.Option{
		asciigraph.LowerBound(0),
		asciigraph.UpperBound(float64(s.rows)),
		asciigraph.Height(s.rows),
		asciigraph.Offset(axisWidth),
		asciigraph.YAxisValueFormatter(func(row float64) string {
			return fmt.Sprintf("%*s", margin,
				s.label(row, margin))
		}),
		asciigraph.SeriesChars(ink.chars...),
	}
	if colours {
		options = append(options, asciigraph.SeriesColors(ink.colours...))
	}
	drawn := asciigraph.PlotMany(ink.heights, options...)
	// where a series meets the axis is nothing special
	return strings.Split(strings.ReplaceAll(drawn, "┼", "┤"), "\n")
}

// strokes are what asciigraph draws one over the other.
type strokes struct {
	heights [][]float64
	chars   []asciigraph.CharSet
	colours []asciigraph.AnsiColor
}

func (p *strokes) add(heights []float64, chars asciigraph.CharSet, colour asciigraph.AnsiColor) {
	p.heights = append(p.heights, heights)
	p.chars = append(p.chars, chars)
	p.colours = append(p.colours, colour)
}

// shade fills each column from where its shade begins to where it ends. In asciigraph that is a
// series for each, which goes up in this column. It begins with a blank in the column before, so
// that one is drawn after it.
func (p *strokes) shade(columns []cell, s scale) {
	chars := asciigraph.CreateCharSet("░")
	chars.StartCap = " "
	for i, c := range slices.Backward(columns) {
		if low, high := s.height(c.min), s.height(c.max); c.count > 0 && low < high {
			p.add(append(blank(i), low, high), chars, asciigraph.DimGray)
		}
	}
}

// line goes through the values. asciigraph draws in a column how a value leads to the next one:
// with a value more at the beginning, how the one before led to this.
func (p *strokes) line(columns []cell, s scale) {
	chars := asciigraph.DefaultCharSet
	chars.StartCap, chars.EndCap = chars.Horizontal, " "
	heights := blank(len(columns) + 1)
	for i, c := range columns {
		if c.count > 0 {
			heights[i+1] = s.height(c.value)
		}
	}
	p.add(heights, chars, asciigraph.DeepSkyBlue)
}

// blank returns heights that are not drawn.
func blank(count int) []float64 {
	heights := make([]float64, count)
	for i := range heights {
		heights[i] = math.NaN()
	}
	return heights
}
