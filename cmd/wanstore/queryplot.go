package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/service"
)

// mostColumns is how many steps a plot on out has room for.
func mostColumns(out io.Writer) int { return screenOf(out).width - leastMargin - axisWidth }

// plot draws the series of an answer. Values that are not finite are left out.
func (a answer) plot(out io.Writer) error {
	matrix, ok := a.Value.(upstream.Matrix)
	if !ok {
		return fmt.Errorf("%w: a %s cannot be drawn", service.ErrQuery, a.Value.Type())
	}
	g := grid{from: a.when.from.UnixMilli() * 1000, step: a.when.step.Microseconds(),
		count: int(a.when.count())}
	var tracks []*track
	for i, series := range matrix {
		if t := a.track(int64(i), series, g); t != nil {
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
func (a answer) track(id int64, series upstream.Series, g grid) *track {
	t := &track{Point: a.named(series.Metric), cells: make([]cell, g.count)}
	t.SeriesID = id
	for _, p := range series.Floats {
		at := floor(p.T*1000-g.from, g.step)
		if math.IsNaN(p.F) || math.IsInf(p.F, 0) || at < 0 || at >= int64(g.count) {
			continue
		}
		t.cells[at] = cell{count: 1, value: p.F, min: p.F, max: p.F}
	}
	if !slices.ContainsFunc(t.cells, func(c cell) bool { return c.count > 0 }) {
		return nil
	}
	return t
}

// named returns what the title of a series is made from. One that still has the name of a metric
// looks as in a plot of the history.
func (a answer) named(series labels.Labels) service.Point {
	metric := series.Get(labels.MetricName)
	if metric == "" {
		title := series.String()
		if series.IsEmpty() {
			title = strings.Join(strings.Fields(a.expr), " ")
		}
		return service.Point{Metric: title}
	}
	p := service.Point{Metric: metric, WAN: series.Get("wan"), Labels: series.Map()}
	delete(p.Labels, labels.MetricName)
	delete(p.Labels, "wan")
	if len(a.look.styles[metric].names) > 0 {
		p.Aggregation = service.Mode
	}
	return p
}
