package repo

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"

	"github.com/wanstore/wanstore/db"
)

// expiryRows bounds a step of Expire, which only counts: that is an order of magnitude faster than
// rolling up.
const expiryRows = 10 * stepSamples

// Expiry is the state of giving up what the retention has passed before it was ever rolled up, as
// after a long time without power. The zero value begins.
type Expiry struct {
	Samples int64 // raw samples that were given up

	counted Micros // up to here they have been counted
}

// Expire does one step of giving up what is older than the retention and has not been rolled up: it
// counts the samples, and with the last step floors and watermarks advance together. It says
// whether there is more to do.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) Expire(ctx context.Context, now Micros, expiry *Expiry) (more bool, err error) {
	next := *expiry
	err = w.update(ctx, "expire samples of", func() error {
		tiers, err := w.tiers(ctx)
		if err != nil {
			return err
		}
		limit := tiers.ExpiryLimit(now)
		slice := span{from: max(next.counted, tiers[Minute].Watermark, tiers[Raw].Floor), until: limit}
		if !slice.empty() {
			if more, err = w.countExpired(ctx, slice, &next); err != nil || more {
				return err
			}
		}
		return w.giveUp(ctx, tiers, limit)
	})
	if err != nil {
		return false, err
	}
	*expiry = next
	return more, nil
}

func (w *Writer) countExpired(
	ctx context.Context, slice span, expiry *Expiry,
) (more bool, err error) {
	part, err := w.cutSamples(ctx, slice, expiryRows)
	if err != nil {
		return false, err
	}
	_, parts, err := listParts(ctx, w.q)
	if err != nil {
		return false, err
	}
	n, err := countRaw(ctx, w.q, parts, part)
	if err != nil {
		return false, err
	}
	expiry.Samples += n
	expiry.counted = part.until
	return part.until < slice.until, nil
}

// giveUp advances floors and watermarks to limit, where they are behind it.
func (w *Writer) giveUp(ctx context.Context, tiers Tiers, limit Micros) error {
	if tiers[Minute].Watermark >= limit && tiers[FiveMinutes].Watermark >= limit &&
		tiers[Hour].Watermark >= limit {
		return nil
	}
	for _, g := range Granularities() {
		if err := w.raiseFloor(ctx, g, limit); err != nil {
			return err
		}
		if g == Raw {
			continue
		}
		if err := w.raiseWatermark(ctx, g, limit); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) raiseFloor(ctx context.Context, g Granularity, floor Micros) error {
	tiers, err := w.tiers(ctx)
	if err != nil || tiers[g].Floor >= floor {
		return err
	}
	tiers[g].Floor = floor
	return setTier(ctx, w.q, tiers[g])
}

// RaiseFloors moves the floor of every tier to its age. What lies below no longer counts and waits
// to be swept.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) RaiseFloors(ctx context.Context, now Micros) error {
	return w.update(ctx, "raise floors of", func() error {
		tiers, err := w.tiers(ctx)
		if err != nil {
			return err
		}
		for _, g := range Granularities() {
			if target := tiers.FloorTarget(g, now); target > tiers[g].Floor {
				if err := w.raiseFloor(ctx, g, target); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// SweepSamples deletes a batch of raw samples that lie below the floor, those of 100,000 samples in
// blocks or 10,000 rows, and says whether there are more.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) SweepSamples(ctx context.Context) (deleted int64, more bool, err error) {
	err = w.update(ctx, "delete samples of", func() error {
		tiers, err := w.tiers(ctx)
		if err != nil {
			return err
		}
		deleted, more, err = w.sweepSamples(ctx, tiers[Raw].Floor)
		return err
	})
	if err != nil {
		return 0, false, err
	}
	return deleted, more, nil
}

func (w *Writer) sweepSamples(
	ctx context.Context, floor Micros,
) (deleted int64, more bool, err error) {
	series, err := w.q.LastSeriesID(ctx)
	if err != nil {
		return 0, false, err
	}
	deleted, more, err = w.sweepBlocks(ctx, floor, w.atMost(stepSamples, series))
	if err != nil || more {
		return deleted, more, err
	}
	end := db.SweepSamplesParams{Ts: int64(floor)}
	stays, err := w.q.NthSampleBefore(ctx,
		db.NthSampleBeforeParams{BeforeTs: end.Ts, Nth: w.atMost(stepRows, series)})
	switch {
	case err == nil:
		end.Ts, end.SeriesID, more = stays.Ts, stays.SeriesID, true
	case !errors.Is(err, sql.ErrNoRows):
		return deleted, false, err
	}
	rows, err := w.q.SweepSamples(ctx, end)
	return deleted + rows, more, err
}

// sweepBlocks deletes the oldest blocks that lie below the floor as a whole, with so many samples
// or few more.
func (w *Writer) sweepBlocks(
	ctx context.Context, floor Micros, samples int64,
) (deleted int64, more bool, err error) {
	parts, err := w.q.ListParts(ctx)
	if err != nil {
		return 0, false, err
	}
	for _, part := range parts {
		keys, err := w.doomedBlocks(ctx, part, floor)
		if err != nil {
			return deleted, false, err
		}
		more = more || len(keys) == mostKeys
		for i, key := range keys {
			if deleted += max(key.count, 0); deleted >= samples && i+1 < len(keys) {
				keys, more = keys[:i+1], true
				break
			}
		}
		gone, err := w.deleteBlocks(ctx, part, keys, floor)
		// keys that are out of order would be found for ever
		if err != nil || len(keys) > 0 && gone == 0 {
			return deleted, false, err
		}
		if deleted >= samples {
			return deleted, true, nil
		}
	}
	return deleted, more, nil
}

// doomedBlocks returns the first blocks of a part that lie below the floor as a whole.
func (w *Writer) doomedBlocks(ctx context.Context, part int64, floor Micros) ([]blockKey, error) {
	keys, err := blockKeys(ctx, w.q, part, span{from: math.MinInt64, until: floor}, false, mostKeys)
	return slices.DeleteFunc(keys, func(key blockKey) bool { return !key.below(floor) }), err
}

// deleteBlocks deletes the blocks of a part up to the last of these keys that lie below the floor
// as a whole.
func (w *Writer) deleteBlocks(
	ctx context.Context, part int64, keys []blockKey, floor Micros,
) (int64, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	first, last := part*partKeys, keys[len(keys)-1].id
	return w.q.SweepBlocks(ctx, db.SweepBlocksParams{
		FromID: first, UntilID: min(last+1, first+int64(max(floor, 0))), Floor: int64(floor),
		SurelyBeforeID: first + int64(max(floor-blockSpan-mostBump, 0)),
	})
}
