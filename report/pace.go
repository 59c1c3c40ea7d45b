package report

import (
	"slices"
	"time"
)

// stretch is a stretch of time that samples speak for.
type stretch struct {
	from  time.Time
	width time.Duration
	count int64 // samples in it
}

func (s stretch) until() time.Time { return s.from.Add(s.width) }

// slowest is the slowest pace that is followed: a sample of a coarser one speaks for an hour, as it
// does in the coarsest buckets.
const slowest = time.Hour

// widen lets buckets with a single sample reach as far as the next one where samples come more
// slowly than buckets end. What is usual is the median of the times from one to the next around it;
// a longer one is a pause, in which nothing was measured. Buckets rise by time.
func widen(list []stretch, end time.Time) {
	gaps := make([]time.Duration, max(len(list)-1, 0))
	for i := range gaps {
		gaps[i] = min(list[i+1].from.Sub(list[i].from), slowest)
	}
	near := make([]time.Duration, 0, 2*around+1)
	for i := range list {
		one := &list[i]
		if one.count != 1 || len(gaps) == 0 {
			continue
		}
		last := min(i+around+1, len(gaps))
		near = append(near[:0], gaps[max(min(i, last)-around, 0):last]...)
		slices.Sort(near)
		reach := near[len(near)/2]
		if i < len(gaps) && gaps[i] <= reach+one.width { // buckets blur a pace by their width
			reach = gaps[i]
		}
		one.width = max(one.width, min(reach, end.Sub(one.from)))
	}
}
