package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// seriesIndex is what the unique index of series says: by id, but for the ids of sound rows.
type seriesIndex struct {
	entries []db.ListSeriesIndexRow
	free    []db.ListSeriesIndexRow // of no sound row
}

func readSeriesIndex(
	ctx context.Context, q *db.Queries, rows []db.ListSeriesRow,
) (index seriesIndex, err error) {
	if index.entries, err = q.ListSeriesIndex(ctx); err != nil {
		return index, err
	}
	taken := make(map[int64]bool, len(rows))
	for _, row := range rows {
		taken[row.ID] = taken[row.ID] || row.Sound != 0
	}
	for _, entry := range index.entries {
		if !taken[entry.ID] {
			index.free = append(index.free, entry)
		}
	}
	return index, nil
}

// mend returns a damaged row as it was, if the index still tells: the check value of the row proves
// an identity that the index has, or index and row agree, and what is damaged is the check value.
func (i seriesIndex) mend(row db.ListSeriesRow) (mended db.ListSeriesRow, ok bool) {
	mended = row
	for _, entry := range i.free {
		mended.ID, mended.MetricName, mended.WanName, mended.Labels = entry.ID, entry.MetricName,
			entry.WanName, entry.Labels
		for _, aggregation := range []Aggregation{Average, Mode} {
			mended.Aggregation = string(aggregation)
			if sealOfSeries(mended) == row.Chk {
				return mended, true
			}
		}
		if mended.Aggregation = row.Aggregation; mended == row && Aggregation(row.Aggregation).valid() {
			return mended, true
		}
	}
	return row, false
}

func (a Aggregation) valid() bool { return a == Average || a == Mode }

func sealOfSeries(row db.ListSeriesRow) int64 {
	return new(seal.Row).Begin("series").Integer(row.ID).
		Text(row.MetricName).Text(row.WanName).Text(row.Labels).
		Text(row.Aggregation).Sum()
}

// beyondMending returns the rows of which the index does not tell what they were.
func (i seriesIndex) beyondMending(damaged []db.ListSeriesRow) []db.ListSeriesRow {
	return slices.DeleteFunc(slices.Clone(damaged), func(row db.ListSeriesRow) bool {
		_, ok := i.mend(row)
		return ok
	})
}

// mustHave says that a file is damaged whose rows have ids that the index does not have: they are
// not of series at all, and the next id would be any number.
func (i seriesIndex) mustHave(rows []db.ListSeriesRow) error {
	for _, row := range rows {
		if !slices.ContainsFunc(i.entries,
			func(entry db.ListSeriesIndexRow) bool { return entry.ID == row.ID }) {
			return fmt.Errorf("%w: series has a row %d, which its index does not have", ErrDamaged, row.ID)
		}
	}
	return nil
}

// mustFind says that a file is damaged whose series lack a row that the index has, by its id and
// its names: to make the index again from the rows would lose what is left of the row.
func (i seriesIndex) mustFind(rows []db.ListSeriesRow) error {
	ids, names := map[int64]bool{}, map[Key]bool{}
	for _, row := range rows {
		mended, _ := i.mend(row)
		ids[row.ID], ids[mended.ID] = true, true
		names[Key{MetricName: row.MetricName, WANName: row.WanName, Labels: row.Labels}] = true
	}
	for _, entry := range i.free {
		if !ids[entry.ID] &&
			!names[Key{MetricName: entry.MetricName, WANName: entry.WanName, Labels: entry.Labels}] {
			return fmt.Errorf("%w: series lacks row %d, which its index has", ErrDamaged, entry.ID)
		}
	}
	return nil
}

// fits says that the index has each of the rows, and nothing else.
func (i seriesIndex) fits(rows []db.ListSeriesRow) bool {
	entries := make(map[db.ListSeriesIndexRow]bool, len(i.entries))
	for _, entry := range i.entries {
		entries[entry] = true
	}
	for _, row := range rows {
		if !entries[db.ListSeriesIndexRow{
			MetricName: row.MetricName, WanName: row.WanName, Labels: row.Labels, ID: row.ID,
		}] {
			return false
		}
	}
	return len(entries) == len(rows)
}

// listSeries returns the series that are sound, or that the index mends.
func listSeries(ctx context.Context, q *db.Queries) ([]db.ListSeriesRow, error) {
	all, err := q.ListSeries(ctx)
	if err != nil {
		return nil, err
	}
	var index *seriesIndex
	rows := all[:0:0]
	for _, row := range all {
		if row.Sound == 0 {
			if index == nil {
				read, err := readSeriesIndex(ctx, q, all)
				if err != nil {
					return nil, err
				}
				index = &read
			}
			var ok bool
			if row, ok = index.mend(row); !ok {
				continue
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// mendSeries mends what is damaged of series and its index, where one of the two still tells what
// was written. Where neither does, the row is left out, and its name is free for another one.
func (w *Writer) mendSeries(ctx context.Context) error {
	var rows []db.ListSeriesRow
	var index seriesIndex
	err := sqlite.InOneView(ctx, w.conn, func() (err error) {
		if rows, err = w.q.ListSeries(ctx); err == nil {
			index, err = readSeriesIndex(ctx, w.q, rows)
		}
		return err
	})
	if err != nil {
		return err
	}
	damaged := slices.DeleteFunc(slices.Clone(rows),
		func(row db.ListSeriesRow) bool { return row.Sound != 0 })
	fits := index.fits(rows)
	if len(damaged) == 0 && fits {
		return nil
	}
	err = errors.Join(index.mustHave(index.beyondMending(damaged)), index.mustFind(rows))
	if err != nil {
		return err
	}
	err = sqlite.Immediately(ctx, w.conn, func() error {
		if !fits { // what the index had more is known by now
			if _, err := w.conn.ExecContext(ctx, "REINDEX series"); err != nil {
				return err
			}
		}
		return w.rewriteSeries(ctx, damaged, index)
	})
	if sqlite.BreaksRule(err) {
		return fmt.Errorf("%w: series has a row twice (%w)", ErrDamaged, err)
	}
	return err
}

// rewriteSeries writes damaged rows as they were.
func (w *Writer) rewriteSeries(
	ctx context.Context, damaged []db.ListSeriesRow, index seriesIndex,
) error {
	for _, row := range damaged {
		mended, ok := index.mend(row)
		if !ok {
			continue
		}
		if _, err := w.q.MendSeries(ctx, db.MendSeriesParams{
			ID: mended.ID, MetricName: mended.MetricName, WanName: mended.WanName, Labels: mended.Labels,
			Aggregation: mended.Aggregation, DamagedID: row.ID, DamagedChk: row.Chk,
		}); err != nil {
			return err
		}
		if err := w.q.SealSeries(ctx, mended.ID); err != nil {
			return err
		}
	}
	return nil
}
