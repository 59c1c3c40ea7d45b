package repo

import (
	"context"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/db"
)

// Ages is how long each tier keeps a row, indexed by Granularity; that of Hour is the retention.
// Zero stands for what the file says.
type Ages [tierCount]time.Duration

// Ages returns the ages that the tiers have in the file, before the retention clamps them.
func (t Tiers) Ages() Ages {
	var ages Ages
	for _, g := range Granularities() {
		ages[g] = t[g].Keep
	}
	return ages
}

// Or returns the ages, those that are zero taken from other.
func (a Ages) Or(other Ages) Ages {
	for g := range a {
		if a[g] == 0 {
			a[g] = other[g]
		}
	}
	return a
}

// SetAges writes the policy to the file: the ages that are not zero replace what it says, if valid
// lets the whole pass. It returns the ages before and after.
//
// Errors: what valid returns, ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) SetAges(
	ctx context.Context, wish Ages, valid func(Ages) error,
) (before, after Ages, err error) {
	w.ages = wish.Or(w.ages)
	err = w.update(ctx, "set the policy of", func() error {
		tiers, err := w.tiers(ctx)
		if err != nil {
			return err
		}
		before = tiers.Ages()
		after = wish.Or(before)
		if err := valid(after); err != nil {
			return err
		}
		return keep(ctx, w.q, tiers, after)
	})
	if err == nil {
		w.ages = after
	}
	return before, after, err
}

func keep(ctx context.Context, q *db.Queries, tiers Tiers, ages Ages) error {
	for _, tier := range tiers {
		if tier.Keep == ages[tier.Granularity] {
			continue
		}
		tier.Keep = ages[tier.Granularity]
		if err := setTier(ctx, q, tier); err != nil {
			return fmt.Errorf("tier %s: %w", tier.Granularity, err)
		}
	}
	return nil
}
