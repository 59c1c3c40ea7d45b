package main

import (
	"encoding/json"
	"fmt"
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

// pointQuantiles is where a table of points has quantiles, behind MAX; summaryQuantiles is that of
// summaries, without the columns of a step.
const pointQuantiles, summaryQuantiles = 7, 7

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
	return withQuantiles(row, q, p, shown.styles[p.Metric], pointQuantiles)
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

// summaryRow is what a series did in the whole range, or in a step.
type summaryRow struct {
	Timestamp   *moment        `json:"timestamp,omitempty"` // of a step; so are the next two
	TimestampUS int64          `json:"timestamp_us,omitempty"`
	WidthUS     int64          `json:"width_us,omitempty"`
	WAN         string         `json:"wan_name"`
	Metric      string         `json:"metric_name"`
	Labels      service.Labels `json:"labels"`
	Aggregation string         `json:"aggregation"`
	Count       int64          `json:"count"`
	Min         float64        `json:"min"`
	Max         float64        `json:"max"`
	Avg         float64        `json:"avg"`
	Last        float64        `json:"last"`
	LastTime    moment         `json:"last_timestamp"`
	LastTimeUS  int64          `json:"last_timestamp_us"`
	States      []stateRow     `json:"states"`

	shown look
}

// stateRow is the share of one state.
type stateRow struct {
	Value float64 `json:"value"`
	Name  string  `json:"name,omitempty"`
	Count int64   `json:"count"`
	Share float64 `json:"share"`
}

func newSummaryRows(format string, out io.Writer, stepped bool, q quantiles) rows {
	header := []string{
		"wan_name", "metric_name", "labels", "aggregation", "count", "min", "max", "avg",
		"last", "last_timestamp", "last_timestamp_us", "states",
	}
	columns := []column{
		left("WAN"), left("METRIC"), left("LABELS"), right("COUNT"), right("MIN"), right("AVG"),
		right("MAX"),
		right("LAST"), left("LAST TIME"), left("STATES"),
	}
	columns = q.columns(columns, summaryQuantiles)
	if stepped {
		header = append([]string{"timestamp", "timestamp_us", "width_us"}, header...)
		columns = append([]column{left("TIME"), left("WIDTH")}, columns...)
	}
	return newRows(format, out, q.header(header), columns)
}

func newSummaryRow(s service.Summary, shown look, stepped bool, q quantiles) row {
	at := summaryQuantiles
	row := &summaryRow{
		WAN: s.WAN, Metric: s.Metric, Labels: s.Labels, Aggregation: string(s.Aggregation),
		Count: s.Count, Min: s.Min, Max: s.Max, Avg: s.Avg,
		Last: s.Last, LastTime: moment{s.LastTime}, LastTimeUS: s.LastTime.UnixMicro(),
		States: []stateRow{},
		shown:  shown,
	}
	if stepped {
		row.Timestamp, row.TimestampUS = &moment{s.Time}, s.Time.UnixMicro()
		row.WidthUS = s.Width.Microseconds()
		at += 2
	}
	for _, state := range s.States {
		row.States = append(row.States, stateRow{
			Value: state.Value, Name: shown.styles[s.Metric].names[state.Value],
			Count: state.Count, Share: state.Share,
		})
	}
	return withQuantiles(row, q, s, shown.styles[s.Metric], at)
}

func (r *summaryRow) csv() ([]string, error) {
	labels, err := json.Marshal(r.Labels)
	if err != nil {
		return nil, err
	}
	states, err := json.Marshal(r.States)
	cells := []string{
		r.WAN, r.Metric, string(labels), r.Aggregation, number(r.Count), exact(r.Min), exact(r.Max),
		exact(r.Avg),
		exact(r.Last), formatTime(r.LastTime.Time), number(r.LastTimeUS), string(states),
	}
	if r.Timestamp != nil {
		begin := []string{formatTime(r.Timestamp.Time), number(r.TimestampUS), number(r.WidthUS)}
		cells = append(begin, cells...)
	}
	return cells, err
}

func (r *summaryRow) table() []string {
	style := r.shown.styles[r.Metric]
	average := style.show(r.Avg)
	var states []string
	for _, state := range r.States {
		average = fixed(r.Avg) // between two states there is none that it could be named after
		states = append(states, fmt.Sprintf("%s %s", style.show(state.Value), percent(state.Share)))
	}
	cells := []string{
		printable(r.WAN), r.Metric, showLabels(r.Labels), number(r.Count),
		style.show(r.Min), average, style.show(r.Max),
		style.show(r.Last), r.LastTime.show(r.shown.zone), strings.Join(states, ", "),
	}
	if r.Timestamp != nil {
		width := clock.FormatDuration(time.Duration(r.WidthUS) * time.Microsecond)
		cells = append([]string{r.Timestamp.show(r.shown.zone), width}, cells...)
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
