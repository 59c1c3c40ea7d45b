package service

import (
	"slices"
	"time"
)

// Histogram counts durations by their length.
type Histogram struct {
	Bounds []time.Duration // the longest duration that each bucket counts, ascending
	Counts []int64         // one for each bound, and one more for what is longer than the last
}

// newCommitTimes has buckets from a fast disk's commit to twice the time that one waits for a lock.
func newCommitTimes() Histogram {
	bounds := []time.Duration{
		time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
		10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
		100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
	}
	return Histogram{Bounds: bounds, Counts: make([]int64, len(bounds)+1)}
}

func (h Histogram) add(d time.Duration) {
	bucket, _ := slices.BinarySearch(h.Bounds, d)
	h.Counts[bucket]++
}

func (h Histogram) clone() Histogram {
	return Histogram{Bounds: slices.Clone(h.Bounds), Counts: slices.Clone(h.Counts)}
}
