package httpapi

import (
	"bufio"
	"encoding/json"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// writeValue writes the result of a query as Prometheus does. It is written here because the result
// writes itself by reflection, which takes most of the time of a long answer.
func writeValue(out *bufio.Writer, value parser.Value) {
	switch value := value.(type) {
	case upstream.Matrix:
		writeList(out, value, writeSeries)
	case upstream.Vector:
		writeList(out, value, writeSample)
	default: // a scalar or a text, which is one
		writeJSON(out, value)
	}
}

func writeList[T any](out *bufio.Writer, list []T, write func(*bufio.Writer, *T)) {
	_ = out.WriteByte('[')
	for i := range list {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		write(out, &list[i])
	}
	_ = out.WriteByte(']')
}

func writeSeries(out *bufio.Writer, series *upstream.Series) {
	writeMetric(out, series.Metric)
	if len(series.Floats) > 0 {
		_, _ = out.WriteString(`,"values":`)
		writeList(out, series.Floats, func(out *bufio.Writer, p *upstream.FPoint) {
			writePoint(out, p.T, p.F)
		})
	}
	if len(series.Histograms) > 0 {
		_, _ = out.WriteString(`,"histograms":`)
		writeList(out, series.Histograms, func(out *bufio.Writer, p *upstream.HPoint) {
			writeJSON(out, p)
		})
	}
	_ = out.WriteByte('}')
}

func writeSample(out *bufio.Writer, sample *upstream.Sample) {
	writeMetric(out, sample.Metric)
	if sample.H != nil {
		_, _ = out.WriteString(`,"histogram":`)
		writeJSON(out, upstream.HPoint{T: sample.T, H: sample.H})
	} else {
		_, _ = out.WriteString(`,"value":`)
		writePoint(out, sample.T, sample.F)
	}
	_ = out.WriteByte('}')
}

// writeMetric begins an object with its labels, in the order of their names.
func writeMetric(out *bufio.Writer, metric labels.Labels) {
	_, _ = out.WriteString(`{"metric":{`)
	first := true
	metric.Range(func(label labels.Label) {
		if !first {
			_ = out.WriteByte(',')
		}
		first = false
		writeText(out, label.Name)
		_ = out.WriteByte(':')
		writeText(out, label.Value)
	})
	_ = out.WriteByte('}')
}

// writePoint writes a point at once: they are most of an answer.
func writePoint(out *bufio.Writer, millis int64, value float64) {
	buf := append(out.AvailableBuffer(), '[')
	buf = appendTime(buf, millis)
	buf = append(buf, ',', '"')
	buf = appendFloat(buf, value)
	_, _ = out.Write(append(buf, '"', ']'))
}

// appendTime appends milliseconds as seconds: 1.5 s is 1.500, and 1 s is 1.
func appendTime(buf []byte, millis int64) []byte {
	if millis < 0 {
		buf = append(buf, '-')
		millis = -millis
	}
	buf = strconv.AppendInt(buf, millis/1000, 10)
	if rest := millis % 1000; rest != 0 {
		buf = append(buf, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	}
	return buf
}

// appendFloat writes a value as Prometheus does, with an exponent where it is very small or large.
func appendFloat(buf []byte, value float64) []byte {
	format := byte('f')
	if size := math.Abs(value); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(buf, value, format, -1, 64)
}

// writeText writes a text, which is plain more often than not.
func writeText(out *bufio.Writer, text string) {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ', c >= 0x7f, c == '"', c == '\\', c == '<', c == '>', c == '&':
			writeJSON(out, text)
			return
		}
	}
	_ = out.WriteByte('"')
	_, _ = out.WriteString(text)
	_ = out.WriteByte('"')
}

func writeJSON(out *bufio.Writer, value any) {
	text, err := json.Marshal(value)
	if err != nil { // texts, scalars and histograms
		panic(err)
	}
	_, _ = out.Write(text)
}
