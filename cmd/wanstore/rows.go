package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// Output formats.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatCSV   = "csv"
)

// row is one line of output. As JSON it is the object that it marshals to.
type row interface {
	csv() ([]string, error)
	table() []string
}

// rows writes lines of output, as they come.
type rows interface {
	add(row) error
	// flush writes what is held back.
	flush() error
	// end ends an output that is complete, and one without rows as well.
	end() error
}

// newRows returns the output of a format.
func newRows(format string, out io.Writer, csvHeader []string, columns []column) rows {
	switch format {
	case formatJSON:
		return newJSONRows(out)
	case formatCSV:
		return &csvRows{out: csv.NewWriter(out), header: csvHeader}
	default:
		return &tableRows{newTable(out, columns...)}
	}
}

// tableRows are for people.
type tableRows struct{ *table }

func (t *tableRows) add(r row) error { return t.table.add(r.table()...) }

// csvRows have a header.
type csvRows struct {
	out    *csv.Writer
	header []string
}

func (c *csvRows) add(r row) error {
	if err := c.begin(); err != nil {
		return err
	}
	cells, err := r.csv()
	if err != nil {
		return err
	}
	return c.out.Write(cells)
}

func (c *csvRows) begin() error {
	if c.header == nil {
		return nil
	}
	header := c.header
	c.header = nil
	return c.out.Write(header)
}

func (c *csvRows) end() error {
	if err := c.begin(); err != nil {
		return err
	}
	return c.flush()
}

func (c *csvRows) flush() error {
	c.out.Flush()
	return c.out.Error()
}

// jsonRows is one array with an object a line. It is closed by end alone, so that an array which is
// cut short by an error is no JSON.
type jsonRows struct {
	out     io.Writer
	text    bytes.Buffer
	encoder *json.Encoder
	some    bool
}

// jsonBatch is how much is held back.
const jsonBatch = 1 << 16

func newJSONRows(out io.Writer) *jsonRows {
	j := &jsonRows{out: out}
	j.encoder = json.NewEncoder(&j.text)
	j.encoder.SetEscapeHTML(false)
	return j
}

func (j *jsonRows) add(r row) error {
	begin := ",\n"
	if !j.some {
		begin = "[\n"
	}
	j.some = true
	j.text.WriteString(begin)
	if err := j.encoder.Encode(r); err != nil {
		return err
	}
	j.text.Truncate(j.text.Len() - 1) // the encoder's newline: a comma may follow
	if j.text.Len() < jsonBatch {
		return nil
	}
	return j.flush()
}

func (j *jsonRows) end() error {
	closing := "\n]\n"
	if !j.some {
		closing = "[]\n"
	}
	j.text.WriteString(closing)
	return j.flush()
}

func (j *jsonRows) flush() error {
	_, err := j.text.WriteTo(j.out)
	return err
}

// writeJSON writes one value, for people to read as well.
func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// printer is what a command has to say in one piece.
type printer interface {
	// print shows it to people.
	print(out io.Writer) error
}

// writeReport writes a report for people or, as the JSON that it marshals to, for programs.
func writeReport(out io.Writer, r printer, asJSON bool) error {
	if asJSON {
		return writeJSON(out, r)
	}
	return r.print(out)
}

// addJSONFlag adds the flag that a program sets which reads the output.
func addJSONFlag(cmd *cobra.Command, set *bool) {
	cmd.Flags().BoolVar(set, "json", false, "print JSON")
}
