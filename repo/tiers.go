package repo

import (
	"context"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// Granularity names a tier of the history by the width of its buckets, finest first.
type Granularity uint8

// The tiers, each made from the one before it.
const (
	Raw         Granularity = iota // samples as they were recorded
	Minute                         // buckets of 60 s
	FiveMinutes                    // buckets of 300 s
	Hour                           // buckets of 3600 s
)

const tierCount = 4

// Granularities lists the tiers, finest first.
func Granularities() [tierCount]Granularity {
	return [tierCount]Granularity{Raw, Minute, FiveMinutes, Hour}
}

var (
	granularityNames = [tierCount]string{"raw", "1m", "5m", "1h"}
	bucketWidths     = [tierCount]time.Duration{0, time.Minute, 5 * time.Minute, time.Hour}
)

// Valid says that there is such a tier.
func (g Granularity) Valid() bool { return g < tierCount }

// String returns the name of the tier as the file has it: raw, 1m, 5m or 1h.
func (g Granularity) String() string {
	if !g.Valid() {
		return fmt.Sprintf("granularity %d", uint8(g))
	}
	return granularityNames[g]
}

// Bucket returns the width of the tier's buckets, 0 for raw.
func (g Granularity) Bucket() time.Duration { return bucketWidths[g] }

// ParseGranularity returns the tier of that name.
func ParseGranularity(name string) (Granularity, error) {
	for _, g := range Granularities() {
		if g.String() == name {
			return g, nil
		}
	}
	return 0, fmt.Errorf("granularity %q: want raw, 1m, 5m or 1h", name)
}

// Tier is the state of one tier, as the file has it.
type Tier struct {
	Granularity Granularity
	// Watermark is where the tier is complete up to: everything before it has been rolled up.
	// Unused for raw.
	Watermark Micros
	// Floor is where the tier begins: rows before it no longer count.
	Floor Micros
	// Keep is the age at which the tier lets go of a row; for 1h it is the retention of the file.
	Keep time.Duration
}

// Tiers is the state of all tiers, indexed by Granularity.
type Tiers [tierCount]Tier

// Retention is the age at which the file lets go of everything.
func (t Tiers) Retention() time.Duration { return t[Hour].Keep }

// Keep is the age at which a tier lets go of a row: its own, but never more than the retention.
func (t Tiers) Keep(g Granularity) time.Duration { return min(t[g].Keep, t.Retention()) }

// LowestFloor is the moment below which no tier holds anything: an older sample is too old.
func (t Tiers) LowestFloor() Micros {
	lowest := t[Raw].Floor
	for _, tier := range t[1:] {
		lowest = min(lowest, tier.Floor)
	}
	return lowest
}

// ExpiryLimit is the moment before which the retention has given everything up, at the given time.
func (t Tiers) ExpiryLimit(now Micros) Micros {
	return now.Add(-t.Retention()).AlignDown(Hour.Bucket())
}

// RollUpLimit is how far the tier to may be rolled up at the given time: the end of the last bucket
// that is complete in its source and, for the first tier, has waited out the grace for stragglers.
func (t Tiers) RollUpLimit(to Granularity, now Micros, grace time.Duration) Micros {
	if to == Minute {
		return now.Add(-grace).AlignDown(to.Bucket())
	}
	return t[to-1].Watermark.AlignDown(to.Bucket())
}

// FloorTarget is where the floor of a tier belongs at the given time: at its age, aligned to the
// buckets of the next tier, and never past what that tier has taken over.
func (t Tiers) FloorTarget(g Granularity, now Micros) Micros {
	aged := now.Add(-t.Keep(g))
	if g == Hour {
		return aged.AlignDown(Hour.Bucket())
	}
	next := t[g+1]
	return min(aged, next.Watermark).AlignDown(next.Granularity.Bucket())
}

// Tiers returns the state of the tiers.
//
// Errors: ErrDamaged, and those of the file system.
func (w *Writer) Tiers(ctx context.Context) (Tiers, error) {
	tiers, lost, err := readTiers(ctx, w.q)
	if err == nil && lost.any() {
		tiers, err = w.workOutTiers(ctx, tiers, lost)
	}
	return tiers, sqlite.Failure(ctx, "read tiers of", w.path, err)
}

// readTiers returns what the file says of the tiers, and of which it does not.
func readTiers(ctx context.Context, q *db.Queries) (tiers Tiers, lost lostTiers, err error) {
	rows, err := q.ListTiers(ctx)
	for g := range lost {
		lost[g], tiers[g].Granularity = true, Granularities()[g]
	}
	var met lostTiers
	for _, row := range rows {
		g, err := ParseGranularity(row.Granularity)
		if err != nil {
			continue // what damage has made of a name
		}
		lost[g], met[g] = row.Sound == 0 || met[g], true
		tiers[g] = Tier{
			Granularity: g,
			Watermark:   Micros(row.Watermark),
			Floor:       Micros(row.Floor),
			Keep:        duration(row.Keep),
		}
	}
	return tiers, lost, err
}

func setTier(ctx context.Context, q *db.Queries, tier Tier) error {
	return q.SetTier(ctx, db.SetTierParams{
		Granularity: tier.Granularity.String(), Watermark: int64(tier.Watermark),
		Floor: int64(tier.Floor),
		Keep:  tier.Keep.Microseconds(),
	})
}

// tiers returns the state of the tiers, inside a write transaction. What is lost of them is worked
// out and written first: nothing is pruned by a guess. All their rows are written again, since keys
// may be damaged.
func (w *Writer) tiers(ctx context.Context) (Tiers, error) {
	w.known.hasTiers = false // they may be read to be changed
	tiers, lost, err := readTiers(ctx, w.q)
	if err != nil || !lost.any() {
		return tiers, err
	}
	if tiers, err = w.workOutTiers(ctx, tiers, lost); err != nil {
		return tiers, err
	}
	if err := w.q.ForgetTiers(ctx); err != nil {
		return tiers, err
	}
	for _, tier := range tiers {
		if err := setTier(ctx, w.q, tier); err != nil {
			return tiers, err
		}
	}
	return tiers, nil
}
