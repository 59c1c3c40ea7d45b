package report

import (
	"slices"
	"time"
)

// series is a series in buckets.
type series struct {
	metric  string
	buckets []bucket
}

// bucket is a bucket of a series.
type bucket struct {
	from  time.Time
	width time.Duration
	count int64
	value float64
}

// density is how many samples there are for the width.
func (b bucket) density() float64 { return float64(b.count) / float64(b.width) }

// around is how many buckets before one, and behind it, say what is usual.
const around = 5

// covered returns how much of each bucket was measured: of one that has fewer samples than is
// usual, so much less. The median follows a change of the pace of recording at once, and is not
// misled by a bucket in which recording began or ended.
func (s *series) covered() []time.Duration {
	list := make([]time.Duration, len(s.buckets))
	densities := make([]float64, 0, 2*around+1)
	for i, b := range s.buckets {
		densities = densities[:0]
		for _, near := range s.buckets[max(i-around, 0):min(i+around+1, len(s.buckets))] {
			densities = append(densities, near.density())
		}
		slices.Sort(densities)
		usual := densities[len(densities)/2]
		share := min(b.density()/usual, 1)
		list[i] = time.Duration(float64(b.width) * share).Round(time.Millisecond)
	}
	return list
}
