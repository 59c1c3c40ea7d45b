package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/service"
)

// The heights of a chart, in rows.
const (
	lowestChart, highestChart = 6, 15
	leastMargin, widestMargin = 6, 13 // of the labels to the left
	axisWidth                 = 2     // a space, and the axis
)

// mostPlots is how many series are drawn: more are no picture any more.
const mostPlots = 24

// plot draws what a query finds and returns how many series that are.
func plot(
	ctx context.Context, history *service.History, query service.Query, out io.Writer, look look,
) (int64, error) {
	s := screenOf(out)
	g, err := newGrid(query, s.width-leastMargin-axisWidth)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", service.ErrQuery, err)
	}
	query.Step = time.Duration(g.step) * time.Microsecond
	query.Quantiles = true
	tracks, err := collect(ctx, history, query, g)
	if err != nil || len(tracks) == 0 {
		return 0, err
	}
	d := &drawing{screen: s, look: look, grid: g, out: bufio.NewWriter(out)}
	d.draw(tracks[:min(len(tracks), mostPlots)])
	d.more(len(tracks)-mostPlots, "pick some with --metrics, --wan or --label")
	return int64(len(tracks)), d.out.Flush()
}

// collect reads the series into grids.
func collect(
	ctx context.Context, history *service.History, query service.Query, g grid,
) ([]*track, error) {
	tracks := map[int64]*track{}
	for point, err := range history.Range(ctx, query) {
		if err != nil {
			return nil, err
		}
		t, ok := tracks[point.SeriesID]
		if !ok {
			t = &track{Point: point, cells: make([]cell, g.count)}
			tracks[point.SeriesID] = t
		}
		t.add(point, g)
	}
	list := slices.Collect(maps.Values(tracks))
	arrange(list)
	return list, nil
}

// arrange puts those of one WAN together, states after measurements.
func arrange(tracks []*track) {
	slices.SortFunc(tracks, func(a, b *track) int {
		return cmp.Or(
			strings.Compare(a.WAN, b.WAN),
			strings.Compare(string(a.Aggregation), string(b.Aggregation)), // avg, mode
			cmp.Compare(a.SeriesID, b.SeriesID),
		)
	})
}

// drawing is a plot on its way to the screen.
type drawing struct {
	screen
	look
	grid   grid
	margin int // width of the labels to the left of the axis
	plot   int // width of what is to the right of the axis
	out    *bufio.Writer
}

func (d *drawing) draw(tracks []*track) {
	scales := d.layOut(tracks)
	d.caption(tracks)
	for i, t := range tracks {
		d.title(t)
		if s, ok := scales[t.SeriesID]; ok {
			d.lines(chart(t.columns(d.plot), s, d.margin, d.colours)...)
		} else {
			d.ribbon(t)
		}
		if i+1 == len(tracks) || tracks[i+1].WAN != t.WAN {
			d.lines(timeAxis(d.grid, d.plot, d.margin, d.zone)...)
		}
	}
}

// layOut settles the heights and widths: all plots stand under one another, those of one WAN on one
// screen if they can.
func (d *drawing) layOut(tracks []*track) map[int64]scale {
	charts, others := map[string]int{}, map[string]int{}
	lines, rest := 1, 0
	for _, t := range tracks {
		if t.mode() {
			others[t.WAN] += 3
			if t.worsens() {
				others[t.WAN]++
			}
		} else {
			charts[t.WAN]++
			others[t.WAN]++
		}
		lines, rest = max(lines, charts[t.WAN]), max(rest, others[t.WAN])
	}
	const captionAndAxis = 5
	height := (d.height - captionAndAxis - rest) / lines
	height = min(max(height, lowestChart), highestChart)
	scales := map[int64]scale{}
	most := min(max(d.width/4, leastMargin), widestMargin)
	for _, t := range tracks {
		if !t.mode() {
			s := scaleOf(t.cells, height-1)
			scales[t.SeriesID] = s
			for _, label := range s.labels(most) {
				d.margin = max(d.margin, len(label))
			}
		}
	}
	d.plot = d.width - d.margin - axisWidth
	return scales
}

// more says how many series are not drawn, and what to do.
func (d *drawing) more(count int, advice string) {
	if count <= 0 {
		return
	}
	text := fmt.Sprintf("%d more: %s", count, advice)
	d.lines("")
	d.lines(wrap(strings.Fields(text), " ", d.width)...)
}

// caption says what the plots have in common.
func (d *drawing) caption(tracks []*track) {
	const layout = "2006-01-02 15:04:05.999999Z07:00"
	from, until := time.UnixMicro(d.grid.begin(0, 1)), time.UnixMicro(d.grid.begin(1, 1))
	text := fmt.Sprintf("%s to %s, step %s", from.In(d.zone).Format(layout),
		until.In(d.zone).Format(layout),
		clock.FormatDuration(time.Duration(d.grid.step)*time.Microsecond))
	text += shades(tracks)
	d.lines(wrap(strings.Fields(text), " ", d.width)...)
}

// shades says what is drawn of measurements, nothing if there are none.
func shades(tracks []*track) string {
	percentiles, maxima := false, false
	for _, t := range tracks {
		if !t.mode() {
			percentiles, maxima = percentiles || t.percentiles, maxima || t.maxima
		}
	}
	switch {
	case percentiles && maxima:
		return ", line: mean, shade: min to p95, or to max where there is no p95"
	case percentiles:
		return ", line: mean, shade: min to p95"
	case maxima:
		return ", line: mean, shade: min to max"
	}
	return ""
}

func (d *drawing) title(t *track) {
	var parts []string
	if t.WAN != "" {
		parts = append(parts, printable(t.WAN))
	}
	parts = append(parts, t.Metric)
	if labels := showLabels(t.Labels); labels != "" {
		parts = append(parts, labels)
	}
	if unit := d.styles[t.Metric].unit; unit != "" {
		parts = append(parts, "in "+printable(unit))
	}
	text := strings.Join(parts, "  ")
	d.lines("")
	if widthOf(text) <= d.width {
		d.lines(text)
		return
	}
	d.lines(wrap(strings.Fields(text), " ", d.width)...)
}

func (d *drawing) ribbon(t *track) {
	r := newRibbon(t, d.styles[t.Metric])
	space := strings.Repeat(" ", d.margin+1)
	columns := t.columns(d.plot)
	legend := r.legend()
	if t.worsens() {
		d.lines(space + "┤" + r.draw(columns, worst, d.colours))
		legend = append(legend, "above: the worst of a step")
	}
	d.lines(space + "┤" + r.draw(columns, usual, d.colours))
	for _, line := range wrap(legend, "  ", d.plot) {
		d.lines(space + " " + line)
	}
}

// lines writes lines. An error of the output is found when all is flushed.
func (d *drawing) lines(list ...string) {
	for _, line := range list {
		fmt.Fprintln(d.out, line)
	}
}

// wrap joins parts to lines of at most that width. A part that is wider is broken between its words
// or, where it is one, anywhere.
func wrap(parts []string, between string, width int) []string {
	var lines []string
	for _, part := range parts {
		last := len(lines) - 1
		switch words := strings.Fields(part); {
		case last >= 0 && widthOf(lines[last]+between+part) <= width:
			lines[last] += between + part
		case widthOf(part) <= width:
			lines = append(lines, part)
		case len(words) > 1:
			lines = append(lines, wrap(words, " ", width)...)
		default:
			lines = append(lines, broken(part, width)...)
		}
	}
	return lines
}

// broken cuts a text into pieces of at most that width, but of one character at least.
func broken(text string, width int) []string {
	lines, used := []string{""}, 0
	for graphemes := uniseg.NewGraphemes(text); graphemes.Next(); {
		last := len(lines) - 1
		if used+graphemes.Width() > width && lines[last] != "" {
			lines, used, last = append(lines, ""), 0, last+1
		}
		lines[last] += graphemes.Str()
		used += graphemes.Width()
	}
	return lines
}
