package wanctl

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"

	wanctldb "github.com/wanstore/wanstore/db/wanctl"
)

// The longest names and labels that are read, as the queries have them: longer ones are nobody's.
const (
	maxNameBytes  = 1024
	maxLabelBytes = 4096
)

// MaxSecond is the Unix second at which the year 10000 begins, which no time format can show.
const MaxSecond = 253402300800

// Row is a row of a database of wanctl.
type Row struct {
	ID          int64
	Second      int64 // Unix
	WAN, Metric string
	Value       float64
	Labels      string // JSON, or NULL as "{}"
	LongLabels  bool   // they have more than 4096 bytes, and are not in Labels
	Granularity string // raw, 1m, 5m or 1h
	// Err says what is wrong with the timestamp, the value or the length of a name, if they are not
	// what they should be. The rest is not checked.
	Err error
}

// Rows returns the first rows of [from, until), in Unix seconds, at most so many, in the order of
// time and id.
//
// Errors: ErrSlow, ErrOpened, ErrDamaged, those of the file system, and that of ctx.
func (v *View) Rows(ctx context.Context, from, until, most int64) ([]Row, error) {
	return ask(ctx, v, func(ctx context.Context) ([]Row, error) {
		rows, err := v.q.ListRows(ctx,
			wanctldb.ListRowsParams{FromSecond: from, UntilSecond: until, Most: most})
		list := make([]Row, 0, len(rows))
		for _, row := range rows {
			list = append(list, newRow(row))
		}
		return list, err
	})
}

// Stragglers returns the first rows after one id, up to another one, whose time is before from or
// is none, at most so many, in the order of their ids.
//
// Errors: as for Rows.
func (v *View) Stragglers(
	ctx context.Context, afterID, lastID, from, most int64,
) ([]Row, error) {
	return ask(ctx, v, func(ctx context.Context) ([]Row, error) {
		rows, err := v.q.ListStragglers(ctx, wanctldb.ListStragglersParams{
			AfterID: afterID, LastID: lastID, FromSecond: from, EndSecond: MaxSecond, Most: most,
		})
		list := make([]Row, 0, len(rows))
		for _, row := range rows {
			list = append(list, newRow(wanctldb.ListRowsRow(row)))
		}
		return list, err
	})
}

// Row returns the row of that id.
//
// Errors: fs.ErrNotExist if there is none, and those of Rows.
func (v *View) Row(ctx context.Context, id int64) (Row, error) {
	return ask(ctx, v, func(ctx context.Context) (Row, error) {
		row, err := v.q.FindRow(ctx, id)
		return newRow(wanctldb.ListRowsRow(row)), absent(err)
	})
}

// Last returns the row with the largest id.
//
// Errors: fs.ErrNotExist if there is none, and those of Rows.
func (v *View) Last(ctx context.Context) (Row, error) {
	return ask(ctx, v, func(ctx context.Context) (Row, error) {
		row, err := v.q.LastRow(ctx)
		return newRow(wanctldb.ListRowsRow(row)), absent(err)
	})
}

func absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("row of metrics: %w", fs.ErrNotExist)
	}
	return err
}

// Count returns the number of rows in [from, until), in Unix seconds.
//
// Errors: as for Rows.
func (v *View) Count(ctx context.Context, from, until int64) (int64, error) {
	return ask(ctx, v, func(ctx context.Context) (int64, error) {
		return v.q.CountRows(ctx, wanctldb.CountRowsParams{FromSecond: from, UntilSecond: until})
	})
}

// Measure returns how many rows [from, until) has, in Unix seconds, and how many bytes of names and
// labels Rows would read of them.
//
// Errors: as for Rows.
func (v *View) Measure(ctx context.Context, from, until int64) (rows, bytes int64, err error) {
	found, err := ask(ctx, v, func(ctx context.Context) (wanctldb.MeasureRowsRow, error) {
		return v.q.MeasureRows(ctx,
			wanctldb.MeasureRowsParams{FromSecond: from, UntilSecond: until})
	})
	return found.Found, found.Bytes, err
}

// CountTaken returns the number of rows of before a second, up to an id.
//
// Errors: as for Rows.
func (v *View) CountTaken(ctx context.Context, until, lastID int64) (int64, error) {
	return ask(ctx, v, func(ctx context.Context) (int64, error) {
		return v.q.CountTaken(ctx, wanctldb.CountTakenParams{UntilSecond: until, LastID: lastID})
	})
}

// HasTaken says whether there is a raw row of before a second, up to an id.
//
// Errors: as for Rows.
func (v *View) HasTaken(ctx context.Context, until, lastID int64) (bool, error) {
	return ask(ctx, v, func(ctx context.Context) (bool, error) {
		return v.q.HasTaken(ctx, wanctldb.HasTakenParams{UntilSecond: until, LastID: lastID})
	})
}

// CountEarlier returns how many rows of the same second, WAN and metric have smaller ids than a
// row.
//
// Errors: as for Rows.
func (v *View) CountEarlier(ctx context.Context, row Row) (int64, error) {
	return ask(ctx, v, func(ctx context.Context) (int64, error) {
		return v.q.CountEarlier(ctx, wanctldb.CountEarlierParams{
			Wan: row.WAN, Metric: row.Metric, Second: row.Second, ID: row.ID,
		})
	})
}

// Newest returns the second of the newest row in [from, until), -1 if there is none.
//
// Errors: as for Rows.
func (v *View) Newest(ctx context.Context, from, until int64) (int64, error) {
	return ask(ctx, v, func(ctx context.Context) (int64, error) {
		return v.q.NewestSecond(ctx,
			wanctldb.NewestSecondParams{FromSecond: from, UntilSecond: until})
	})
}

// NewestOf returns the newest row of a granularity before a second.
//
// Errors: fs.ErrNotExist if there is none, and those of Rows.
func (v *View) NewestOf(ctx context.Context, granularity string, until int64) (Row, error) {
	return ask(ctx, v, func(ctx context.Context) (Row, error) {
		row, err := v.q.NewestRowOf(ctx,
			wanctldb.NewestRowOfParams{Granularity: granularity, UntilSecond: until})
		return newRow(wanctldb.ListRowsRow(row)), absent(err)
	})
}

// OldestAggregated returns the second of the oldest aggregated row after an id or from a second on,
// -1 if there is none.
//
// Errors: as for Rows.
func (v *View) OldestAggregated(ctx context.Context, afterID, from int64) (int64, error) {
	return ask(ctx, v, func(ctx context.Context) (int64, error) {
		return v.q.OldestAggregated(ctx,
			wanctldb.OldestAggregatedParams{AfterID: afterID, FromSecond: from})
	})
}

func newRow(row wanctldb.ListRowsRow) Row {
	made := Row{
		ID: row.ID, WAN: text(row.Wan, ""), Metric: text(row.Metric, ""),
		Labels: text(row.LabelText, "{}"), LongLabels: row.LabelBytes > maxLabelBytes,
		Granularity: text(row.Tier, "NULL"),
	}
	if row.NameBytes > maxNameBytes {
		made.Err = fmt.Errorf("a name of %d bytes: want %d at most", row.NameBytes, maxNameBytes)
	}
	switch at := row.Second.(type) {
	case int64:
		made.Second = at
	case float64:
		made.Second = int64(math.Floor(max(-1, min(at, MaxSecond))))
		made.Err = errors.Join(made.Err, fmt.Errorf("timestamp %v: not a whole number", at))
	default:
		made.Second = MaxSecond
		made.Err = errors.Join(made.Err, fmt.Errorf("timestamp %s: not a number", shown(at)))
	}
	switch value := row.Number.(type) {
	case float64:
		made.Value = value
	case int64:
		made.Value = float64(value)
	default:
		made.Err = errors.Join(made.Err, fmt.Errorf("value %s: not a number", shown(value)))
	}
	return made
}

// text returns what a column for texts holds, or something else where that is NULL.
func text(value any, null string) string {
	switch value := value.(type) {
	case nil:
		return null
	case string:
		return value
	case []byte:
		return string(value)
	default:
		return fmt.Sprint(value)
	}
}

// shown returns what a column holds, for people.
func shown(value any) string {
	const most = 40 // it may be anything
	switch value := value.(type) {
	case nil:
		return "NULL"
	case string:
		return fmt.Sprintf("%q", strings.ToValidUTF8(value[:min(len(value), most)], ""))
	case []byte:
		return fmt.Sprintf("x'%x'", value[:min(len(value), most)])
	default:
		return fmt.Sprint(value)
	}
}
