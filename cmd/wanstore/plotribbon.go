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
		if c.count > 0 {
			r.values = append(r.values, c.value, c.max)
		}
	}
	slices.Sort(r.values)
	r.values = slices.Compact(r.values)
	return r
}

// letter returns the mark of a state: the first letter of its name, if no other begins with that,
// its digit, or a letter that the legend explains.
func (r ribbon) letter(value float64) string {
	if letter := initial(r.style.names[value]); letter != "" && r.alone(letter) {
		return letter
	}
	if text := trimmed(value); len(text) == 1 {
		return text
	}
	if at, _ := slices.BinarySearch(r.values, value); at < 26 {
		return string(rune('a' + at))
	}
	return "#"
}

// alone says that one name at most begins with a letter.
func (r ribbon) alone(letter string) bool {
	names := 0
	for _, name := range r.style.names {
		if initial(name) == letter {
			names++
		}
	}
	return names <= 1
}

// initial returns the letter that a name begins with, in upper case, "" for anything but A to Z.
func initial(name string) string {
	if name == "" {
		return ""
	}
	if letter := strings.ToUpper(name[:1]); letter >= "A" && letter <= "Z" {
		return letter
	}
	return ""
}

// stateColours are those of the congestion states.
var stateColours = map[float64]asciigraph.AnsiColor{
	float64(measure.Green):   asciigraph.Green,
	float64(measure.Yellow):  asciigraph.Yellow,
	float64(measure.SoftRed): asciigraph.DarkOrange,
	float64(measure.Red):     asciigraph.Red,
}

// colour returns how the mark of a state is coloured, if it is.
func (r ribbon) colour(value float64) asciigraph.AnsiColor {
	if colour, ok := stateColours[value]; ok && r.metric == service.State {
		return colour
	}
	return asciigraph.Default
}

// draw returns a state of each column, such as the usual one.
func (r ribbon) draw(columns []cell, pick func(cell) (float64, bool), colours bool) string {
	var text strings.Builder
	ink := asciigraph.Default
	for _, c := range columns {
		mark, next := " ", asciigraph.Default
		if value, ok := pick(c); ok {
			mark = r.letter(value)
			next = r.colour(value)
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
		if name := r.style.names[value]; name != "" {
			text = printable(name)
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
