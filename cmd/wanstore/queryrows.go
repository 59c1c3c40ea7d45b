package main

import (
	"encoding/json"
	"io"
	"time"

	"github.com/wanstore/wanstore/promql"
)

// The labels that have the metric and the WAN of a series.
const metricLabel, wanLabel = "__name__", "wan"

// answerRow is one value of an answer.
type answerRow struct {
	at     time.Time
	series *answerSeries // nil of a text
	value  string        // for programs
	shown  string        // for people
	zone   *time.Location
}

// answerSeries is what the rows of a series have in common.
type answerSeries struct {
	labels map[string]string
	text   string // as PromQL writes it; "" of a number, which has no series
	style  valueStyle
}

func newAnswerRows(format string, out io.Writer, hasSeries bool) rows {
	columns := []column{left("TIME")}
	if hasSeries {
		columns = append(columns, left("SERIES"))
	}
	return newRows(format, out, []string{"timestamp", "timestamp_us", "labels", "value"},
		append(columns, right("VALUE")))
}

func (r *answerRow) csv() ([]string, error) {
	names, err := json.Marshal(r.series.labels)
	return []string{formatTime(r.at), number(r.at.UnixMicro()), string(names), r.value}, err
}

func (r *answerRow) table() []string {
	cells := []string{moment{r.at}.show(r.zone)}
	if r.series.text != "" {
		cells = append(cells, r.series.text)
	}
	return append(cells, r.shown)
}

// each calls add with every value of an answer, series by series.
func (a answer) each(add func(row) error) error {
	if text, at, ok := a.Text(); ok {
		return add(&answerRow{
			at: at, series: &answerSeries{labels: map[string]string{}},
			value: text, shown: printable(text), zone: a.look.zone,
		})
	}
	for one := range a.Series() {
		series := a.series(one)
		for at, value := range one.Points() {
			row := &answerRow{at: at, series: series, zone: a.look.zone,
				value: exact(value), shown: series.style.show(value)}
			if err := add(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// series returns what the rows of a series have in common. Values that still have the name of a
// metric are shown as those of the metric are.
func (a answer) series(one promql.Series) *answerSeries {
	series := &answerSeries{labels: one.Labels()}
	series.style = a.look.styles[series.labels[metricLabel]]
	if a.HasSeries() {
		series.text = printable(one.String())
	}
	return series
}
