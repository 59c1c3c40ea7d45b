package service

import (
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Granularity names a tier of the history by the width of its buckets. A tier is made from the one
// before it.
type Granularity uint8

// The tiers, finest first.
const (
	Raw         Granularity = iota // samples as they were recorded
	Minute                         // buckets of 1 minute
	FiveMinutes                    // buckets of 5 minutes
	Hour                           // buckets of 1 hour
)

// ParseGranularity returns the tier of that name: raw, 1m, 5m or 1h.
func ParseGranularity(name string) (Granularity, error) {
	g, err := repo.ParseGranularity(name)
	return Granularity(g), err
}

// String returns the name of the tier: raw, 1m, 5m or 1h.
func (g Granularity) String() string { return repo.Granularity(g).String() }

// Valid reports whether there is such a tier.
func (g Granularity) Valid() bool { return repo.Granularity(g).Valid() }

// Bucket returns the width of the tier's buckets, 0 for Raw. It panics where g is not Valid.
func (g Granularity) Bucket() time.Duration { return repo.Granularity(g).Bucket() }

// TierRows counts rows by tier: TierRows[Minute] is the count of the 1m tier. A row of the raw tier
// is a sample.
type TierRows [Hour + 1]int64

// moment returns a moment of a file, and the zero time for one that there is not.
func moment(m repo.Micros) time.Time {
	if m == 0 {
		return time.Time{}
	}
	return m.Time()
}
