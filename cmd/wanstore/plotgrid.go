package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/service"
)

// grid is a range of time in steps, which begin where those of the history do. Its times are in
// microseconds.
type grid struct {
	from  int64
	step  int64
	count int
	days  *days // nil: all steps are equally long
}

// days are steps of whole days of a zone, from the day of a number on.
type days struct {
	zone       *time.Location
	first, per int
}

// newGrid lays a grid over a range, of at most so many steps. Without a step it takes the shortest
// round one.
func newGrid(query service.Query, most int) (grid, error) {
	for _, step := range roundSpans() {
		g := gridOf(query, step)
		if g.count > most {
			continue
		}
		if query.Step == 0 {
			return g, nil
		}
		if g = gridOf(query, query.Step); g.count > most {
			return g, fmt.Errorf("--step %s: too fine to be drawn, want %s or more here",
				clock.FormatDuration(query.Step), clock.FormatDuration(step))
		}
		return g, nil
	}
	return grid{},
		fmt.Errorf("the range is too long to be drawn, want less than %d years", most*maxYears)
}

func gridOf(query service.Query, step time.Duration) grid {
	width := max(step.Microseconds(), 1)
	if width%dayMicros == 0 {
		return gridOfDays(query, width)
	}
	first := floor(query.From.UnixMicro(), width)
	last := floor(query.Until.UnixMicro()-1, width)
	return grid{from: first * width, step: width, count: int(last-first) + 1}
}

// gridOfDays counts days from a Monday, as the history does.
func gridOfDays(query service.Query, width int64) grid {
	per := int(width / dayMicros)
	number := func(at time.Time) int {
		return int(floor(int64(clock.DayOf(at, query.Zone)), int64(per)))
	}
	d := &days{zone: query.Zone, first: number(query.From) * per, per: per}
	count := number(query.Until.Add(-time.Microsecond)) - number(query.From) + 1
	return grid{from: d.start(0), step: width, count: count, days: d}
}

// start returns where a step begins.
func (d *days) start(i int) int64 { return clock.DayStart(d.first+i*d.per, d.zone).UnixMicro() }

// start returns where a step begins.
func (g grid) start(i int) int64 {
	if g.days != nil {
		return g.days.start(i)
	}
	return g.from + g.step*int64(i)
}

// floor divides, and rounds down.
func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// maxYears is the longest step of a plot.
const maxYears = 150

// roundSpans returns the spans of time that people count in, from the shortest to the longest.
func roundSpans() []time.Duration {
	const day = 24 * time.Hour
	var spans []time.Duration
	add := func(unit time.Duration, multiples ...int) {
		for _, n := range multiples {
			spans = append(spans, time.Duration(n)*unit)
		}
	}
	for unit := time.Microsecond; unit < time.Second; unit *= 10 {
		add(unit, 1, 2, 5)
	}
	add(time.Second, 1, 2, 3, 4, 5, 10, 15, 20, 30)
	add(time.Minute, 1, 2, 3, 4, 5, 10, 15, 20, 30)
	add(time.Hour, 1, 2, 3, 4, 6, 8, 12)
	add(day, 1, 2, 7, 14)
	for span := 28 * day; span < maxYears*365*day; span *= 2 {
		add(span, 1)
	}
	return spans
}

// cells returns the steps that a point speaks for. Where only wide buckets are left those are
// several.
func (g grid) cells(p service.Point) (from, until int) {
	at := p.Time.UnixMicro() - g.from
	end := at + p.Width.Microseconds()
	if g.days != nil { // of which some are an hour shorter or longer than the step
		at, end = at+g.step/2, end+g.step/2-g.step+1
	}
	first := floor(at, g.step)
	last := max(floor(end-1, g.step), first)
	return int(max(first, 0)), int(min(last+1, int64(g.count)))
}

// begin returns where a column begins of a drawing of that width.
func (g grid) begin(column, width int) int64 {
	i, part := column*g.count/width, int64(column*g.count%width)
	start := g.start(i)
	if part == 0 {
		return start
	}
	long := g.start(i+1) - start
	return start + long/int64(width)*part + long%int64(width)*part/int64(width)
}

// cell is what is known of a series in one step, or in several.
type cell struct {
	count    int64 // 0: nothing
	value    float64
	min, max float64 // of a measurement from where to where the shade goes
}

// add merges another cell: means by their weight; of two states the one with more samples, or the
// larger one.
func (c *cell) add(other cell, mode bool) {
	switch {
	case other.count == 0:
		return
	case c.count == 0:
		*c = other
		return
	case !mode:
		c.value += (other.value - c.value) * (float64(other.count) / float64(c.count+other.count))
		c.count += other.count
	case other.count > c.count, other.count == c.count && other.value > c.value:
		c.value, c.count = other.value, other.count
	}
	c.min, c.max = min(c.min, other.min), max(c.max, other.max)
}

// usual is the value of a state.
func usual(c cell) (value float64, ok bool) { return c.value, c.count > 0 }

// worst is the worst of the states, if that is another one: the largest.
func worst(c cell) (value float64, ok bool) { return c.max, c.count > 0 && c.max > c.value }

// track is a series on a grid.
type track struct {
	service.Point // any of its points, for the names
	cells         []cell

	percentiles, maxima bool // whether shades end with the one or the other
}

func (t *track) mode() bool { return t.Aggregation == service.Mode }

// worsens says that some cell of a state had a worse one than it shows.
func (t *track) worsens() bool {
	return slices.ContainsFunc(t.cells, func(c cell) bool { return c.count > 0 && c.max > c.value })
}

// add takes a point of the series.
func (t *track) add(p service.Point, g grid) {
	from, until := g.cells(p)
	high := t.high(p)
	for i := from; i < until; i++ {
		t.cells[i].add(cell{p.Count, p.Value, p.Min, high}, t.mode())
	}
}

// high returns the 95th percentile of a point: one sample that is far off should not hide the
// others. Where there is none it is the greatest sample.
func (t *track) high(p service.Point) float64 {
	high, ok := p.Quantile(0.95)
	t.percentiles, t.maxima = t.percentiles || ok, t.maxima || !ok
	if !ok {
		return p.Max
	}
	return high
}

// columns returns the track in another number of cells.
func (t *track) columns(width int) []cell {
	columns := make([]cell, width)
	for c := range columns {
		from := c * len(t.cells) / width
		until := max((c+1)*len(t.cells)/width, from+1)
		for _, one := range t.cells[from:until] {
			columns[c].add(one, t.mode())
		}
	}
	return columns
}
