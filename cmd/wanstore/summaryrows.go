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
	query service.Query
}

// stateRow is the share of one state.
type stateRow struct {
	Value float64 `json:"value"`
	Name  string  `json:"name,omitempty"`
	Count int64   `json:"count"`
	Share float64 `json:"share"`
}

// summaryRows are the outputs of summaries: a table of measurements and one of states, which have
// little in common, or one output for programs.
type summaryRows struct {
	out              io.Writer
	measured, states *fittedRows
	all              rows // for programs, nil if there are tables
	quantiles        quantiles
	query            service.Query
	shown            look
}

func newSummaryRows(
	format string, out io.Writer, query service.Query, shown look, q quantiles,
) *summaryRows {
	s := &summaryRows{out: out, quantiles: q, query: query, shown: shown}
	if format == formatTable {
		s.measured = &fittedRows{out: out, columns: q.columns(measuredColumns(), summaryQuantiles)}
		s.states = &fittedRows{out: out, columns: append(seriesColumns(),
			right("COUNT").spare(1), left("LAST"), left("LAST TIME").spare(2), left("STATES"))}
		return s
	}
	header := []string{
		"wan_name", "metric_name", "labels", "aggregation", "count", "min", "max", "avg",
		"last", "last_timestamp", "last_timestamp_us", "states",
	}
	if query.Stepped() {
		header = append([]string{"timestamp", "timestamp_us", "width_us"}, header...)
	}
	s.all = newRows(format, out, q.header(header), nil)
	return s
}

// seriesColumns say which series and step a row is about.
func seriesColumns() []column {
	return []column{
		left("TIME").optional(), left("WIDTH").optional(), left("WAN"), left("METRIC"),
		left("LABELS").optional(),
	}
}

// summaryQuantiles is where a table of measurements has quantiles, behind MAX.
const summaryQuantiles = 10

func measuredColumns() []column {
	return append(seriesColumns(), left("UNIT").optional().spare(1), right("COUNT"),
		right("MIN").spare(2), right("AVG"), right("MAX"), right("LAST").spare(3),
		left("LAST TIME").spare(4))
}

func (s *summaryRows) add(one service.Summary) error {
	row := newSummaryRow(one, s.shown, s.query)
	switch {
	case s.all != nil:
		return s.all.add(withQuantiles(row, s.quantiles, one, exact, 0))
	case one.Aggregation == service.Mode:
		return s.states.add(row)
	}
	return s.measured.add(withQuantiles(row, s.quantiles, one, rounded, summaryQuantiles))
}

// end ends the output. Of two tables only those that have rows are shown.
func (s *summaryRows) end() error {
	if s.all != nil {
		return s.all.end()
	}
	if len(s.states.cells) == 0 {
		return s.measured.end()
	}
	if len(s.measured.cells) > 0 {
		if err := s.measured.end(); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(s.out); err != nil {
			return err
		}
	}
	return s.states.end()
}

func newSummaryRow(s service.Summary, shown look, query service.Query) *summaryRow {
	row := &summaryRow{
		WAN: s.WAN, Metric: s.Metric, Labels: s.Labels, Aggregation: string(s.Aggregation),
		Count: s.Count, Min: s.Min, Max: s.Max, Avg: s.Avg,
		Last: s.Last, LastTime: moment{s.LastTime}, LastTimeUS: s.LastTime.UnixMicro(),
		States: []stateRow{},
		shown:  shown, query: query,
	}
	if query.Stepped() {
		row.Timestamp, row.TimestampUS = &moment{s.Time}, s.Time.UnixMicro()
		row.WidthUS = s.Width.Microseconds()
	}
	for _, state := range s.States {
		row.States = append(row.States, stateRow{
			Value: state.Value, Name: shown.styles[s.Metric].names[state.Value],
			Count: state.Count, Share: state.Share,
		})
	}
	return row
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

// table returns the cells of the table of measurements or of that of states.
func (r *summaryRow) table() []string {
	style := r.shown.styles[r.Metric]
	begin, width := r.step()
	cells := []string{begin, width, printable(r.WAN), r.Metric, showLabels(r.Labels)}
	last := shortTime(r.LastTime.In(r.shown.zone), "2006-01-02 15:04:05")
	if r.Aggregation != string(service.Mode) {
		return append(cells, printable(style.unit), number(r.Count), rounded(r.Min), rounded(r.Avg),
			rounded(r.Max), rounded(r.Last), last)
	}
	var states []string
	for _, state := range r.States {
		states = append(states, style.name(state.Value)+" "+percent(state.Share))
	}
	return append(cells, number(r.Count), style.name(r.Last), last, strings.Join(states, ", "))
}

// step returns when the step begins, as exactly as steps need it, and its width if it is another
// one than was asked for.
func (r *summaryRow) step() (begin, width string) {
	if r.Timestamp == nil {
		return "", ""
	}
	at, step := r.Timestamp.In(r.shown.zone), r.query.Step
	switch {
	case step%(24*time.Hour) == 0: // of months, too
		return at.Format(time.DateOnly), ""
	case step%time.Minute == 0:
		begin = shortTime(at, "2006-01-02 15:04")
	case step%time.Second == 0:
		begin = shortTime(at, "2006-01-02 15:04:05")
	default:
		begin = shortTime(at, "2006-01-02 15:04:05.000000")
	}
	if wide := time.Duration(r.WidthUS) * time.Microsecond; wide != step {
		width = clock.FormatDuration(wide)
	}
	return begin, width
}

// shortTime writes a moment with its distance from UTC, which is whole hours as a rule.
func shortTime(at time.Time, layout string) string {
	if _, offset := at.Zone(); offset%3600 != 0 {
		return at.Format(layout + "Z07:00")
	}
	return at.Format(layout + "Z07")
}
