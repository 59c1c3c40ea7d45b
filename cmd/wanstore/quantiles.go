package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wanstore/wanstore/internal/quantile"
)

// quantilesFlag is a flag for quantiles, numbers from 0 to 1.
type quantilesFlag struct{ list quantiles }

// String returns the numbers, "" where none are given.
func (f *quantilesFlag) String() string {
	var texts []string
	for _, one := range f.list {
		texts = append(texts, exact(one))
	}
	return strings.Join(texts, ",")
}

// Set adds what was given.
func (f *quantilesFlag) Set(text string) error {
	list, err := quantile.Parse(text)
	f.list = quantile.Add(f.list, list...)
	if err != nil && !strings.Contains(text, ",") {
		return quantile.ErrSyntax // the error of the flag names what is wrong
	}
	return err
}

// Type names the kind of value in help texts.
func (f *quantilesFlag) Type() string { return "NUMBER,NUMBER..." }

// quantileLists complete the last of several quantiles, with the others before it.
func quantileLists(
	_ *cobra.Command, _ []string, text string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	before := text[:strings.LastIndex(text, ",")+1]
	given, _ := quantile.Parse(strings.TrimSuffix(before, ",")) // what is wrong is not completed
	var lists []string
	for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
		if !slices.Contains(given, q) {
			lists = append(lists, before+exact(q))
		}
	}
	return lists, cobra.ShellCompDirectiveNoFileComp
}

// quantiles are those that rows show, in their order.
type quantiles []float64

// columns puts the columns of the quantiles into those of a table.
func (q quantiles) columns(others []column, at int) []column {
	for i, name := range quantile.Names(q) {
		others = slices.Insert(others, at+i, right(strings.ToUpper(name)))
	}
	return others
}

// header puts the names of the quantiles behind those of the other columns of a CSV.
func (q quantiles) header(others []string) []string {
	return append(others, quantile.Names(q)...)
}

// distributed is a point or a summary.
type distributed interface {
	Quantile(q float64) (value float64, ok bool)
}

// of returns quantiles, nil where there is none.
func (q quantiles) of(d distributed) []*float64 {
	values := make([]*float64, len(q))
	for i, one := range q {
		if value, ok := d.Quantile(one); ok {
			values[i] = &value
		}
	}
	return values
}

// quantileRow is a row with quantiles, which stand behind what it has, and in a table where the
// greatest value ends.
type quantileRow struct {
	row
	quantiles quantiles
	values    []*float64
	show      func(float64) string
	at        int
}

// withQuantiles adds quantiles to a row, whose table has them at a column.
func withQuantiles(r row, q quantiles, of distributed, show func(float64) string, at int) row {
	if len(q) == 0 {
		return r
	}
	return &quantileRow{row: r, quantiles: q, values: q.of(of), show: show, at: at}
}

func (r *quantileRow) csv() ([]string, error) {
	cells, err := r.row.csv()
	return appendQuantiles(cells, r.values), err
}

// appendQuantiles appends the cells of a CSV.
func appendQuantiles(cells []string, values []*float64) []string {
	for _, value := range values {
		cell := ""
		if value != nil {
			cell = exact(*value)
		}
		cells = append(cells, cell)
	}
	return cells
}

func (r *quantileRow) table() []string {
	cells := r.row.table()
	for i, value := range r.values {
		cell := "-"
		if value != nil {
			cell = r.show(*value)
		}
		cells = slices.Insert(cells, r.at+i, cell)
	}
	return cells
}

// MarshalJSON returns the object of the row with a field for each quantile.
func (r *quantileRow) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r.row); err != nil {
		return nil, err
	}
	text.Truncate(text.Len() - len("}\n"))
	for i, name := range quantile.Names(r.quantiles) {
		value, err := json.Marshal(r.values[i])
		if err != nil {
			return nil, err
		}
		text.WriteString(`,"` + name + `":`)
		text.Write(value)
	}
	text.WriteByte('}')
	return text.Bytes(), nil
}
