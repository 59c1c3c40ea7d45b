package main

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/service"
)

// pointRow is a point of the history.
type pointRow struct {
	Timestamp   moment         `json:"timestamp"`
	TimestampUS int64          `json:"timestamp_us"`
	WAN         string         `json:"wan_name"`
	Metric      string         `json:"metric_name"`
	Labels      service.Labels `json:"labels"`
	Value       float64        `json:"value"`
	Min         float64        `json:"min"`
	Max         float64        `json:"max"`
	Count       int64          `json:"count"`
	Granularity string         `json:"granularity"`
	WidthUS     int64          `json:"width_us,omitempty"` // with a step

	shown look
}

// pointQuantiles is where a table of points has quantiles, behind MAX.
const pointQuantiles = 7

func newPointRows(format string, out io.Writer, wide bool, q quantiles) rows {
	header := []string{
		"timestamp", "timestamp_us", "wan_name", "metric_name", "labels",
		"value", "min", "max", "count", "granularity",
	}
	columns := []column{
		left("TIME"), left("WAN"), left("METRIC"), left("LABELS"),
		right("VALUE"), right("MIN"), right("MAX"), right("COUNT"), left("GRANULARITY"),
	}
	if wide {
		header, columns = append(header, "width_us"), append(columns, left("WIDTH"))
	}
	return newRows(format, out, q.header(header), q.columns(columns, pointQuantiles))
}

func newPointRow(p service.Point, shown look, wide bool, q quantiles) row {
	row := &pointRow{
		Timestamp: moment{p.Time}, TimestampUS: p.Time.UnixMicro(),
		WAN: p.WAN, Metric: p.Metric, Labels: p.Labels,
		Value: p.Value, Min: p.Min, Max: p.Max, Count: p.Count,
		Granularity: p.Granularity.String(),
		shown:       shown,
	}
	if wide {
		row.WidthUS = p.Width.Microseconds()
	}
	return withQuantiles(row, q, p, shown.styles[p.Metric].show, pointQuantiles)
}

func (r *pointRow) csv() ([]string, error) {
	labels, err := json.Marshal(r.Labels)
	cells := []string{
		formatTime(r.Timestamp.Time), number(r.TimestampUS), r.WAN, r.Metric, string(labels),
		exact(r.Value), exact(r.Min), exact(r.Max), number(r.Count), r.Granularity,
	}
	if r.WidthUS > 0 {
		cells = append(cells, number(r.WidthUS))
	}
	return cells, err
}

func (r *pointRow) table() []string {
	style := r.shown.styles[r.Metric]
	cells := []string{
		r.Timestamp.show(r.shown.zone), printable(r.WAN), r.Metric, showLabels(r.Labels),
		style.show(r.Value), style.show(r.Min), style.show(r.Max), number(r.Count), r.Granularity,
	}
	if r.WidthUS > 0 {
		cells = append(cells, clock.FormatDuration(time.Duration(r.WidthUS)*time.Microsecond))
	}
	return cells
}

// showLabels writes labels as JSON, in the order of their names. JSON lets most of what a terminal
// obeys stand as it is; here that is escaped.
func showLabels(labels service.Labels) string {
	if len(labels) == 0 {
		return ""
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(labels); err != nil {
		return err.Error()
	}
	return escape(strings.TrimSuffix(text.String(), "\n"))
}
