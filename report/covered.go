package report

import (
	"slices"
	"time"
)

// series is a series in buckets, each with its value.
type series struct {
	metric  string
	buckets []stretch
	values  []float64
}

// density is how many samples there are for the width.
func (s stretch) density() float64 { return float64(s.count) / float64(s.width) }

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
		if float64(b.count)+1 >= usual*float64(b.width) {
			share = 1 // at a steady pace, one bucket may have a sample less than the next
		}
		list[i] = time.Duration(float64(b.width) * share).Round(time.Millisecond)
	}
	return list
}
