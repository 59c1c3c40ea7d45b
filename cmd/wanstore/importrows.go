package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/service"
)

// importRow is what became of one file.
type importRow struct {
	File      string `json:"file"`
	Read      int64  `json:"read"`
	Stored    int64  `json:"stored"`
	Duplicate int64  `json:"duplicate"`
	Known     int64  `json:"known"`
	Bad       int64  `json:"bad"`
	// Skipped are the rows that were left out; of CSV it is there only if there are any.
	Skipped *int64 `json:"skipped,omitempty"`
	*wanctlRow
	Refused refusedRow `json:"refused"`
}

// wanctlRow is what there is to say of a database of wanctl alone.
type wanctlRow struct {
	Causes skippedRow `json:"skipped_by_cause"`
	Pruned int64      `json:"labels_dropped"` // rows
	Held   int64      `json:"held"`
	// RawKept is how far back raw rows reach, null where all are there.
	RawKept *float64 `json:"raw_kept_seconds"`
}

// skippedRow counts rows that were left out by cause.
type skippedRow struct {
	NestedLabels int64 `json:"nested_labels"`
	NullLabels   int64 `json:"null_labels"`
	OtherLabels  int64 `json:"other_labels"`
	LongLabels   int64 `json:"long_labels"`
	Aggregated   int64 `json:"aggregated"`
}

// refusedRow counts refused samples by cause.
type refusedRow struct {
	Value       int64 `json:"value"`
	Ahead       int64 `json:"ahead"`
	TooOld      int64 `json:"too_old"`
	Aggregation int64 `json:"aggregation"`
	Series      int64 `json:"series"`
	TooMany     int64 `json:"too_many_series"`
	Damaged     int64 `json:"damaged_series"`
}

// printImports shows to people what became of their files.
func printImports(out io.Writer, list []importRow) error {
	wanctl := len(list) > 0 && list[0].wanctlRow != nil
	skipped := slices.ContainsFunc(list, func(r importRow) bool { return r.Skipped != nil && !wanctl })
	columns := []column{left("FILE"), right("READ"), right("STORED"), right("DUPLICATE"),
		right("KNOWN"), right("BAD")}
	if wanctl {
		columns = append(columns, right("SKIPPED"), right("HELD"))
	}
	if skipped {
		columns = append(columns, right("SKIPPED"))
	}
	lines := newTable(out, append(columns, left("REFUSED"))...)
	for _, r := range list {
		cells := []string{
			printable(r.File), number(r.Read), number(r.Stored), number(r.Duplicate), number(r.Known),
			number(r.Bad),
		}
		if wanctl {
			cells = append(cells, r.Causes.String(), number(r.Held))
		}
		if skipped {
			cells = append(cells, number(r.skipped()))
		}
		if err := lines.add(append(cells, r.Refused.String())...); err != nil {
			return err
		}
	}
	return lines.end()
}

// skipped is the number of rows of CSV that were left out.
func (r importRow) skipped() int64 {
	if r.Skipped == nil {
		return 0
	}
	return *r.Skipped
}

func newImportRow(file string, r importer.Result) importRow {
	row := importRow{
		File: file, Read: r.Read, Stored: r.Stored, Duplicate: r.Duplicate, Known: r.Known, Bad: r.Bad,
		Refused: newRefusedRow(r.Refused),
	}
	if r.Skipped.RolledUp > 0 {
		row.Skipped = &r.Skipped.RolledUp
	}
	return row
}

func newWanctlRow(file string, r importer.Result) importRow {
	row := newImportRow(file, r)
	row.wanctlRow = &wanctlRow{
		Causes: newSkippedRow(r.Skipped), Pruned: r.Pruned, Held: r.Held,
	}
	skipped := r.Skipped.Total()
	row.Skipped = &skipped
	if kept := r.Raw.Kept.Seconds(); kept > 0 {
		row.RawKept = &kept
	}
	return row
}

func newSkippedRow(s importer.Skipped) skippedRow {
	return skippedRow{
		NestedLabels: s.NestedLabels, NullLabels: s.NullLabels, OtherLabels: s.OtherLabels,
		LongLabels: s.LongLabels, Aggregated: s.Aggregated,
	}
}

func newRefusedRow(r service.Refused) refusedRow {
	return refusedRow{
		Value: r.Value, Ahead: r.Ahead, TooOld: r.TooOld, Aggregation: r.Aggregation, Series: r.Series,
		TooMany: r.TooMany, Damaged: r.Damaged,
	}
}

// String returns the number that were refused, and of what cause.
func (r refusedRow) String() string {
	return byCause([]cause{
		{r.TooOld, "too old"},
		{r.Ahead, "ahead of the clock"},
		{r.Value, "bad value"},
		{r.Aggregation, "other aggregation"},
		{r.Series, "no series"},
		{r.TooMany, "of too many series"},
		{r.Damaged, "of damaged series"},
	})
}

// String returns the number that were left out, and of what cause.
func (r skippedRow) String() string {
	return byCause([]cause{
		{r.NestedLabels, "nested labels"},
		{r.NullLabels, "null labels"},
		{r.OtherLabels, "other labels"},
		{r.LongLabels, "long labels"},
		{r.Aggregated, "aggregated"},
	})
}

// cause is why so many rows were not taken.
type cause struct {
	count int64
	name  string
}

// byCause shows how many rows were not taken, and why.
func byCause(causes []cause) string {
	var total int64
	var names []string
	for _, one := range causes {
		total += one.count
		if one.count > 0 {
			names = append(names, fmt.Sprintf("%d %s", one.count, one.name))
		}
	}
	if len(names) == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", total, strings.Join(names, ", "))
}
