package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// mostColumns is how many steps a plot on out has room for.
func mostColumns(out io.Writer) int { return screenOf(out).width - leastMargin - axisWidth }

// plot draws the series of an answer. Values that are not finite are left out.
func (a answer) plot(out io.Writer) error {
	if _, _, isText := a.Text(); isText {
		return fmt.Errorf("%w: a text cannot be drawn", service.ErrQuery)
	}
	g := grid{from: a.when.from.UnixMilli() * 1000, step: a.when.step.Microseconds(),
		count: int(a.when.count())}
	var tracks []*track
	for series := range a.Series() {
		if t := a.track(series, g); t != nil {
			t.SeriesID = int64(len(tracks))
			tracks = append(tracks, t)
		}
	}
	if len(tracks) == 0 {
		return nil
	}
	arrange(tracks)
	d := &drawing{screen: screenOf(out), look: a.look, grid: g, out: bufio.NewWriter(out)}
	d.draw(tracks[:min(len(tracks), mostPlots)])
	d.more(len(tracks)-mostPlots, "pick some with matchers")
	return d.out.Flush()
}

// track returns a series on a grid, nil if it has nothing to draw.
func (a answer) track(series promql.Series, g grid) *track {
	t := &track{Point: a.named(series), cells: make([]cell, g.count)}
	for at, value := range series.Points() {
		i := floor(at.UnixMicro()-g.from, g.step)
		if math.IsNaN(value) || math.IsInf(value, 0) || i < 0 || i >= int64(g.count) {
			continue
		}
		t.cells[i] = cell{count: 1, value: value, min: value, max: value}
	}
	if !slices.ContainsFunc(t.cells, func(c cell) bool { return c.count > 0 }) {
		return nil
	}
	return t
}

// named returns what the title of a series is made from. One that still has the name of a metric
// looks as in a plot of the history.
func (a answer) named(series promql.Series) service.Point {
	labels := series.Labels()
	p := service.Point{Metric: labels[metricLabel], WAN: labels[wanLabel], Labels: labels}
	switch {
	case len(labels) == 0:
		return service.Point{Metric: strings.Join(strings.Fields(a.expr), " ")}
	case p.Metric == "":
		return service.Point{Metric: series.String()}
	case len(a.look.styles[p.Metric].names) > 0:
		p.Aggregation = service.Mode
	}
	delete(labels, metricLabel)
	delete(labels, wanLabel)
	return p
}
