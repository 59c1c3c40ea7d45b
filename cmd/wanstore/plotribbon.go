package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guptarohit/asciigraph"

	"github.com/wanstore/wanstore/measure"
	"github.com/wanstore/wanstore/service"
)

// ribbon is how the states of one series are drawn: a letter each.
type ribbon struct {
	style  valueStyle
	values []float64 // that it has, ascending
	metric string
}

func newRibbon(t *track, style valueStyle) ribbon {
	r := ribbon{style: style, metric: t.Metric}
	for _, c := range t.cells {
		if at, found := slices.BinarySearch(r.values, c.value); c.count > 0 && !found {
			r.values = slices.Insert(r.values, at, c.value)
		}
	}
	return r
}

// letter returns the mark of a state: the first letter of its name, its digit, or a letter that the legend explains.
func (r ribbon) letter(value float64) string {
	if name := r.style.name(value); name != "" {
		return strings.ToUpper(name[:1])
	}
	if text := trimmed(value); len(text) == 1 {
		return text
	}
	if at, _ := slices.BinarySearch(r.values, value); at < 26 {
		return string(rune('a' + at))
	}
	return "#"
}

// colour returns how the mark of a state is coloured, if it is.
func (r ribbon) colour(value float64) asciigraph.AnsiColor {
	if r.metric != service.State || r.style.name(value) == "" {
		return asciigraph.Default
	}
	switch measure.State(value) {
	case measure.Green:
		return asciigraph.Green
	case measure.Yellow:
		return asciigraph.Yellow
	case measure.SoftRed:
		return asciigraph.DarkOrange
	case measure.Red:
		return asciigraph.Red
	}
	return asciigraph.Default
}

// draw returns the states of columns.
func (r ribbon) draw(columns []cell, colours bool) string {
	var text strings.Builder
	ink := asciigraph.Default
	for _, c := range columns {
		mark, next := " ", asciigraph.Default
		if c.count > 0 {
			mark = r.letter(c.value)
			next = r.colour(c.value)
		}
		if colours && next != ink {
			text.WriteString(next.String())
			ink = next
		}
		text.WriteString(mark)
	}
	if ink != asciigraph.Default {
		text.WriteString(asciigraph.Default.String())
	}
	return strings.TrimRight(text.String(), " ")
}

// legend explains the letters.
func (r ribbon) legend() []string {
	var parts []string
	others := 0
	for _, value := range r.values {
		letter := r.letter(value)
		if letter == "#" {
			others++
			continue
		}
		text := trimmed(value)
		if name := r.style.name(value); name != "" {
			text = name
		}
		if text != letter {
			parts = append(parts, letter+" "+text)
		}
	}
	if others > 0 {
		parts = append(parts, fmt.Sprintf("# %d others", others))
	}
	return parts
}
