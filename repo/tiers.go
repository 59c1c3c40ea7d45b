package repo

import (
	"fmt"
	"time"
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
