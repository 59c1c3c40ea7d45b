package repo

import (
	"context"
	"time"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
)

// Sweep is the state of sweeping a tier of buckets series by series. The zero value begins.
type Sweep struct {
	begun   bool
	floor   Micros // at the beginning
	afterID int64  // every series up to this one is clean
}

// sweepEvery is how far a floor moves between two sweeps of a writer. A sweep looks at every
// series, each in a page of its own: one a minute took a fifth of all the work of 10,000 series.
// What lies below the floor is not shown meanwhile.
const sweepEvery = Micros(10 * time.Minute / time.Microsecond)

// sweptFloors are the floors of the last sweeps that came to their end.
type sweptFloors map[Granularity]Micros

// isDue says that a sweep of the tier may find a good deal.
func (s sweptFloors) isDue(tier Tier) bool {
	last, ok := s[tier.Granularity]
	return !ok || tier.Floor < last || tier.Floor-last >= sweepEvery
}

// SweepRollups deletes a batch of buckets that lie below the floor of a tier, 10,000 rows at most
// but for the states of one last bucket, and says whether there is more to look through. It does
// nothing until the floor is ten minutes higher than at the last sweep of this writer.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) SweepRollups(
	ctx context.Context, g Granularity, sweep *Sweep,
) (deleted int64, more bool, err error) {
	next := *sweep
	err = w.update(ctx, "delete buckets of", func() error {
		tiers, err := w.tiers(ctx)
		if err != nil || !next.begun && !w.swept.isDue(tiers[g]) {
			return err
		}
		if !next.begun {
			next.begun, next.floor = true, tiers[g].Floor
		}
		deleted, more, err = w.sweepRollups(ctx, tiers[g], &next)
		return err
	})
	if err != nil {
		return 0, false, err
	}
	if next.begun && !more {
		w.swept[g] = next.floor
	}
	*sweep = next
	return deleted, more, nil
}

func (w *Writer) sweepRollups(
	ctx context.Context, tier Tier, sweep *Sweep,
) (deleted int64, more bool, err error) {
	page, err := w.q.ListSeriesAfter(ctx,
		db.ListSeriesAfterParams{AfterID: sweep.afterID, MaxRows: seriesPerSweep})
	if err != nil {
		return 0, false, err
	}
	count, err := w.q.LastSeriesID(ctx)
	if err != nil {
		return 0, false, err
	}
	left := w.atMost(stepRows, count)
	for _, series := range page {
		buckets, sketches, err := w.sweepSeries(ctx, tier, series, left)
		if err != nil {
			return deleted, false, err
		}
		deleted += buckets
		if left -= max(buckets, sketches); left <= 0 {
			return deleted, true, nil
		}
		sweep.afterID = series.ID
	}
	return deleted, len(page) == seriesPerSweep, nil
}

// seriesPerSweep bounds the series that one step looks at: a clean one costs a seek.
const seriesPerSweep = 1000

// sweepSeries deletes so many buckets of a series at most, and as many sketches: a bucket has one,
// and what lies below the floor without a bucket goes, too.
func (w *Writer) sweepSeries(
	ctx context.Context, tier Tier, series db.ListSeriesAfterRow, rows int64,
) (buckets, sketches int64, err error) {
	granularity, floor := tier.Granularity.String(), int64(tier.Floor)
	if Aggregation(series.Aggregation) == Mode {
		buckets, err = w.q.SweepStateRollups(ctx, db.SweepStateRollupsParams{
			Granularity: granularity, SeriesID: series.ID, BeforeTs: floor, Nth: rows - 1,
		})
		return buckets, 0, err
	}
	buckets, err = w.q.SweepRollups(ctx, db.SweepRollupsParams{
		Granularity: granularity, SeriesID: series.ID, BeforeTs: floor, Nth: rows - 1,
	})
	if err != nil {
		return 0, 0, err
	}
	first, last := functions.SketchIDs(granularity, series.ID, 0, floor)
	sketches, err = w.q.SweepSketches(ctx,
		db.SweepSketchesParams{First: first, Last: last, Nth: rows - 1})
	return buckets, sketches, err
}
