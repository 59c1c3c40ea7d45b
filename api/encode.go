package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/wanstore/wanstore/internal/quantile"
	"github.com/wanstore/wanstore/service"
)

// pointBytes is about what a point takes in an answer.
const pointBytes = 96

// seriesHead is what an answer says of a series before its columns.
type seriesHead struct {
	Metric      string              `json:"metric_name"`
	WAN         string              `json:"wan_name"`
	Labels      service.Labels      `json:"labels"`
	Help        string              `json:"help"`
	Unit        string              `json:"unit"`
	States      service.StateNames  `json:"states"`
	Aggregation service.Aggregation `json:"aggregation"`
}

func newSeriesHead(p *service.Point, metrics described) seriesHead {
	metric := metrics[p.Metric]
	return seriesHead{
		Metric: p.Metric, WAN: p.WAN, Labels: p.Labels,
		Help: metric.Help, Unit: metric.Unit, States: metric.States, Aggregation: p.Aggregation,
	}
}

// metadata is what an answer says of itself.
type metadata struct {
	From          seconds  `json:"from"`
	To            seconds  `json:"to"`
	Step          seconds  `json:"step"`
	Months        int      `json:"step_months,omitempty"`
	Granularities []string `json:"granularities"`
	Order         string   `json:"order"`
	Limit         int      `json:"limit"`
	Offset        int      `json:"offset"`
	Total         int64    `json:"total"`
	Returned      int      `json:"returned"`
	NextOffset    *int     `json:"next_offset"`
	Next          *string  `json:"next"`
}

// seconds is a number of seconds as JSON has it, exact to the microsecond.
type seconds []byte

// MarshalJSON returns the number.
func (s seconds) MarshalJSON() ([]byte, error) { return s, nil }

// newest is the newest sample of a series.
type newest struct {
	seriesHead
	Timestamp seconds `json:"timestamp"`
	Value     float64 `json:"value"`
}

// encode writes points, grouped by series, and what is said of them. The columns are written by
// hand, because an answer has thousands of numbers and encoding/json looks at the type of each.
func (a reply) encode(meta metadata) ([]byte, error) {
	points, metrics := a.page.Points, a.metrics
	buf := make([]byte, 0, 1024+len(points)*pointBytes)
	buf = append(buf, `{"data":[`...)
	for i, series := range groupBySeries(points) {
		if i > 0 {
			buf = append(buf, ',')
		}
		head, err := json.Marshal(newSeriesHead(series[0], metrics))
		if err != nil {
			return nil, err
		}
		buf = append(buf, head[:len(head)-1]...)
		buf = appendColumns(buf, series)
		buf = appendQuantiles(buf, series, a.quantiles)
		buf = append(buf, '}')
	}
	end, err := marshal(meta)
	if err != nil {
		return nil, err
	}
	buf = append(buf, `],"metadata":`...)
	buf = append(buf, end...)
	for _, more := range []func([]byte) ([]byte, error){
		a.appendLatest, a.appendSummaries, a.appendOutages,
	} {
		if buf, err = more(buf); err != nil {
			return nil, err
		}
	}
	return append(buf, '}', '\n'), nil
}

func (a reply) appendLatest(buf []byte) ([]byte, error) {
	if a.latest == nil {
		return buf, nil
	}
	list := make([]newest, len(a.latest))
	for i, p := range a.latest {
		list[i] = newest{newSeriesHead(&p, a.metrics), appendSeconds(nil, p.Time), p.Value}
	}
	text, err := marshal(list)
	return append(append(buf, `,"latest":`...), text...), err
}

// marshal is json.Marshal, except that it leaves the & of an address as it is, for people to copy.
func marshal(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// groupBySeries returns the points of each series in the order they have, the series in the order
// of their first samples.
func groupBySeries(points []service.Point) [][]*service.Point {
	var groups [][]*service.Point
	index := map[int64]int{}
	for i := range points {
		p := &points[i]
		at, ok := index[p.SeriesID]
		if !ok {
			at = len(groups)
			index[p.SeriesID] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], p)
	}
	slices.SortFunc(groups,
		func(a, b []*service.Point) int { return cmp.Compare(a[0].SeriesID, b[0].SeriesID) })
	return groups
}

func appendColumns(buf []byte, series []*service.Point) []byte {
	buf = appendColumn(buf, "timestamps", series,
		func(b []byte, p *service.Point) []byte { return appendSeconds(b, p.Time) })
	buf = appendColumn(buf, "values", series,
		func(b []byte, p *service.Point) []byte { return appendNumber(b, p.Value) })
	buf = appendColumn(buf, "min", series,
		func(b []byte, p *service.Point) []byte { return appendNumber(b, p.Min) })
	buf = appendColumn(buf, "max", series,
		func(b []byte, p *service.Point) []byte { return appendNumber(b, p.Max) })
	buf = appendColumn(buf, "count", series,
		func(b []byte, p *service.Point) []byte { return strconv.AppendInt(b, p.Count, 10) })
	buf = appendColumn(buf, "granularity", series, func(b []byte, p *service.Point) []byte {
		b = append(b, '"')
		b = append(b, p.Granularity.String()...)
		return append(b, '"')
	})
	return appendColumn(buf, "width", series,
		func(b []byte, p *service.Point) []byte { return appendMicros(b, p.Width.Microseconds()) })
}

// appendQuantiles writes a column for each quantile, null where there is none.
func appendQuantiles(buf []byte, series []*service.Point, quantiles []float64) []byte {
	for _, q := range quantiles {
		buf = appendColumn(buf, quantile.Name(q), series, func(b []byte, p *service.Point) []byte {
			value, ok := p.Quantile(q)
			if !ok {
				return append(b, "null"...)
			}
			return appendNumber(b, value)
		})
	}
	return buf
}

func appendColumn(
	buf []byte, name string, series []*service.Point, appendValue func([]byte, *service.Point) []byte,
) []byte {
	buf = append(buf, ',', '"')
	buf = append(buf, name...)
	buf = append(buf, `":[`...)
	for i, p := range series {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = appendValue(buf, p)
	}
	return append(buf, ']')
}

// appendNumber writes the shortest decimal that is read as v again, as encoding/json does. The file
// holds finite ones only.
func appendNumber(buf []byte, v float64) []byte {
	format := byte('f')
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(buf, v, format, -1, 64)
}

// appendSeconds writes a moment as Unix seconds.
func appendSeconds(buf []byte, at time.Time) []byte { return appendMicros(buf, at.UnixMicro()) }

// appendMicros writes microseconds as seconds, digit by digit: a float64 of seconds would lose
// them.
func appendMicros(buf []byte, micros int64) []byte {
	if micros < 0 {
		buf = append(buf, '-')
		micros = -micros
	}
	buf = strconv.AppendInt(buf, micros/1e6, 10)
	fraction := micros % 1e6
	if fraction == 0 {
		return buf
	}
	buf = append(buf, '.')
	for digit := int64(1e5); fraction > 0; digit /= 10 {
		buf = append(buf, byte('0'+fraction/digit))
		fraction %= digit
	}
	return buf
}

// granularitiesOf names the tiers that points were made from, finest first.
func granularitiesOf(points []service.Point) []string {
	var used [service.Hour + 1]bool
	for i := range points {
		used[points[i].Granularity] = true
	}
	names := []string{}
	for g := range service.Hour + 1 {
		if used[g] {
			names = append(names, g.String())
		}
	}
	return names
}
