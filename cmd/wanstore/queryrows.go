package main

import (
	"encoding/json"
	"io"
	"regexp"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// answerRow is one value of an answer.
type answerRow struct {
	at     time.Time
	series labels.Labels
	value  string // for programs
	shown  string // for people
	zone   *time.Location

	hasSeries bool
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
	names, err := json.Marshal(r.series)
	return []string{formatTime(r.at), number(r.at.UnixMicro()), string(names), r.value}, err
}

func (r *answerRow) table() []string {
	cells := []string{moment{r.at}.show(r.zone)}
	if r.hasSeries {
		cells = append(cells, seriesText(r.series))
	}
	return append(cells, r.shown)
}

// each calls add with every value of an answer, series by series.
func (a answer) each(add func(row) error) error {
	switch value := a.Value.(type) {
	case upstream.Matrix:
		for _, series := range value {
			for _, p := range series.Floats {
				if err := add(a.number(p.T, series.Metric, p.F)); err != nil {
					return err
				}
			}
		}
	case upstream.Vector:
		for _, sample := range value {
			if err := add(a.number(sample.T, sample.Metric, sample.F)); err != nil {
				return err
			}
		}
	case upstream.Scalar:
		return add(a.number(value.T, labels.EmptyLabels(), value.V))
	case upstream.String:
		return add(&answerRow{
			at: millis(value.T), value: value.V, shown: printable(value.V), zone: a.look.zone,
		})
	}
	return nil
}

// number returns a row. A value that still has the name of a metric is shown as those of the
// metric are.
func (a answer) number(t int64, series labels.Labels, value float64) row {
	return &answerRow{
		at: millis(t), series: series, zone: a.look.zone, hasSeries: a.hasSeries(),
		value: exact(value), shown: a.look.styles[series.Get(labels.MetricName)].show(value),
	}
}

// plainName is a metric's name that PromQL writes before the braces.
var plainName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

// seriesText returns labels as PromQL writes a selector of them.
func seriesText(series labels.Labels) string {
	name := series.Get(labels.MetricName)
	if !plainName.MatchString(name) {
		return printable(series.String())
	}
	others := labels.NewBuilder(series).Del(labels.MetricName).Labels()
	if others.IsEmpty() {
		return name
	}
	return printable(name + others.String())
}

// response is an answer in the shape of Prometheus's HTTP API.
type response struct {
	Status   string       `json:"status"`
	Data     responseData `json:"data"`
	Warnings []string     `json:"warnings,omitempty"`
	Infos    []string     `json:"infos,omitempty"`
}

type responseData struct {
	Type   parser.ValueType `json:"resultType"`
	Result parser.Value     `json:"result"`
}

func (a answer) writeJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(response{
		Status: "success", Data: responseData{a.Value.Type(), a.Value},
		Warnings: a.Warnings, Infos: a.Infos,
	})
}
