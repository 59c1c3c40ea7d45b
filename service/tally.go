package service

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wanstore/wanstore/repo"
)

// tally merges rows of one series. Counts and sums merge exactly, so it does not matter which tier
// they come from.
type tally struct {
	series      *SeriesInfo
	count       int64
	sum         float64
	min, max    float64
	states      map[float64]int64 // samples by value, for Mode
	granularity Granularity       // the coarsest of the rows

	distributing distributing // of measurements
}

func (t *tally) add(row repo.Bucket, g Granularity) {
	if t.count == 0 {
		t.min, t.max = row.Min, row.Max
	}
	t.min, t.max = min(t.min, row.Min), max(t.max, row.Max)
	t.count += row.Count
	t.sum += row.Sum
	t.granularity = max(t.granularity, g)
	if t.series.Aggregation != Mode {
		t.distributing.add(row, g)
		return
	}
	if t.states == nil {
		t.states = map[float64]int64{}
	}
	t.states[row.Min] += row.Count
}

// value is the mean or the mode.
func (t *tally) value() float64 {
	if t.series.Aggregation == Mode {
		return mode(maps.All(t.states))
	}
	return t.mean()
}

func (t *tally) mean() float64 { return mean(t.sum, t.count, t.min, t.max) }

func (t *tally) point(at, end repo.Micros) Point {
	p := t.series.point(at, t.granularity)
	p.Width = end.Sub(at)
	p.Value, p.Min, p.Max, p.Count = t.value(), t.min, t.max, t.count
	p.Distribution = t.distributing.distribution(t.min, t.max)
	return p
}

// flush yields the points of the moment that was gathered, in the order of their series, and says
// whether more are wanted.
func (g *gathering) flush() bool {
	slices.SortFunc(g.counts, func(a, b *tally) int { return cmp.Compare(a.series.ID, b.series.ID) })
	for _, t := range g.counts {
		if !g.yield(t.point(g.at, g.end)) {
			return false
		}
	}
	g.free = append(g.free, g.counts...)
	g.counts = g.counts[:0]
	clear(g.index)
	return true
}
