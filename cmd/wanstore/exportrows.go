package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"

	"github.com/wanstore/wanstore/internal/quantile"
	"github.com/wanstore/wanstore/service"
)

// formatJSONLines is an object a line.
const formatJSONLines = "jsonl"

// exportBuffer is how much is written at a time.
const exportBuffer = 1 << 16

// exportRows writes points, as they come.
type exportRows interface {
	add(service.Point) error
	// flush writes what is held back, and the header if there has been no point.
	flush() error
}

// newExportRows returns the output of a format for the points of a query. Those that are samples
// can be imported from CSV.
func newExportRows(format string, out io.Writer, query service.Query) exportRows {
	buffered := bufio.NewWriterSize(out, exportBuffer)
	wide := query.Stepped()
	var q quantiles
	if query.Quantiles {
		q = quantile.Usual()
	}
	if format == formatJSONLines {
		return newJSONLines(buffered, wide, q)
	}
	return newExportCSV(buffered, samplesOnly(query), wide, q)
}

// jsonLines is the output of history as JSON, without what makes it one array.
type jsonLines struct {
	out     *bufio.Writer
	encoder *json.Encoder
	wide    bool

	quantiles quantiles
}

func newJSONLines(out *bufio.Writer, wide bool, q quantiles) *jsonLines {
	j := &jsonLines{out: out, encoder: json.NewEncoder(out), wide: wide, quantiles: q}
	j.encoder.SetEscapeHTML(false)
	return j
}

func (j *jsonLines) add(p service.Point) error {
	return j.encoder.Encode(newPointRow(p, look{}, j.wide, j.quantiles))
}

func (j *jsonLines) flush() error { return j.out.Flush() }

// exportCSV is what import reads or, of points that are no samples, more than that, so that it does
// not.
type exportCSV struct {
	out     *bufio.Writer
	samples bool
	wide    bool
	header  []string // nil once it is written
	cells   []string
	record  bytes.Buffer
	csv     *csv.Writer // writes to record
	labels  bytes.Buffer
	json    *json.Encoder // writes to labels

	quantiles quantiles
}

func newExportCSV(out *bufio.Writer, samples, wide bool, q quantiles) *exportCSV {
	c := &exportCSV{out: out, samples: samples, wide: wide, quantiles: q}
	c.csv = csv.NewWriter(&c.record)
	c.json = json.NewEncoder(&c.labels)
	c.json.SetEscapeHTML(false)
	c.header = []string{"timestamp_us", "wan", "metric", "labels_json", "value"}
	if !samples {
		c.header = append(c.header, "count", "min", "max", "granularity")
	}
	if wide {
		c.header = append(c.header, "width_us")
	}
	c.header = q.header(c.header)
	return c
}

func (c *exportCSV) add(p service.Point) error {
	if err := c.begin(); err != nil {
		return err
	}
	labels, err := c.encode(p.Labels)
	if err != nil {
		return err
	}
	c.cells = append(c.cells[:0], number(p.Time.UnixMicro()), p.WAN, p.Metric, labels, exact(p.Value))
	if !c.samples {
		c.cells = append(c.cells, number(p.Count), exact(p.Min), exact(p.Max), p.Granularity.String())
	}
	if c.wide {
		c.cells = append(c.cells, number(p.Width.Microseconds()))
	}
	c.cells = appendQuantiles(c.cells, c.quantiles.of(p))
	return c.write(c.cells)
}

func (c *exportCSV) flush() error {
	if err := c.begin(); err != nil {
		return err
	}
	return c.out.Flush()
}

func (c *exportCSV) begin() error {
	if c.header == nil {
		return nil
	}
	header := c.header
	c.header = nil
	return c.write(header)
}

func (c *exportCSV) write(cells []string) error {
	c.record.Reset()
	if err := c.csv.Write(cells); err != nil {
		return err
	}
	c.csv.Flush() // its errors are those of the buffer, which has none
	_, err := c.record.WriteTo(c.out)
	return err
}

func (c *exportCSV) encode(labels service.Labels) (string, error) {
	c.labels.Reset()
	err := c.json.Encode(labels)
	return string(bytes.TrimSuffix(c.labels.Bytes(), []byte("\n"))), err
}
