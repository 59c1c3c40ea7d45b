package importer

import (
	"context"
	"errors"
	"time"
)

// HeldRows are rows that lie where the history holds buckets of their series and no samples any
// more. Nobody can tell whether the rows are in these.
type HeldRows struct {
	Rows        int64
	First, Last time.Time // the moments of the earliest and the latest row
}

// findHeld counts the rows from a place on that lie in rolled-up data, before anything is stored.
func (i *csvImport) findHeld(ctx context.Context, from place, empty bool) (err error) {
	if empty || i.options.Merge {
		return nil
	}
	floor, err := i.writer.RawFloor(ctx)
	if err != nil || floor.Unix() <= 0 {
		return err
	}
	i.held = &held{writer: i.writer, from: time.Unix(0, 0), until: floor}
	defer func() { err = errors.Join(err, i.held.close()) }()
	data, err := i.source.read(ctx, from.bytes)
	if err != nil {
		return err
	}
	rows := HeldRows{}
	for lines := newRecords(data, from.unhashed()); ; {
		one, err := lines.next()
		if err != nil {
			break // a failure to read comes up again when what precedes it has been stored
		}
		if err := i.addHeld(ctx, &rows, one); err != nil {
			return err
		}
		lines.pass(one)
	}
	if rows.Rows > 0 {
		i.options.OnHeld(rows)
	}
	return context.Cause(ctx)
}

func (i *csvImport) addHeld(ctx context.Context, rows *HeldRows, one record) error {
	sample, reason := i.parse(one)
	if reason == nil && sample.Time.Before(i.held.until) { // a bad line is reported in its turn
		if err := i.held.look(ctx, heldMetric{one.fields[1], one.fields[2]}); err != nil {
			return err
		}
		if i.isHeld(one, sample.Time) {
			rows.add(sample.Time)
		}
	}
	return nil
}

func (r *HeldRows) add(at time.Time) {
	if r.Rows == 0 || at.Before(r.First) {
		r.First = at
	}
	if r.Rows == 0 || at.After(r.Last) {
		r.Last = at
	}
	r.Rows++
}

// isHeld says that a row lies in rolled-up data of its series. What is newer than all of the series
// is no repeat, whatever bucket it lies in.
func (i *csvImport) isHeld(one record, at time.Time) bool {
	if i.held == nil || !at.Before(i.held.until) {
		return false
	}
	series, err := i.rows.series(rowSeries{one.fields[1], one.fields[2], one.fields[3]})
	if err != nil {
		return false // which is a bad line
	}
	known := i.held.find(heldMetric{one.fields[1], one.fields[2]}, series.labels)
	second := at.Unix()
	return known != nil && !at.After(known.newest) && known.has(heldSpan{second, second + 1})
}
