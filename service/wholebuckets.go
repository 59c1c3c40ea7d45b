package service

import (
	"context"
	"slices"

	"github.com/wanstore/wanstore/repo"
)

// fewSamples is how many samples a summary is made from one by one, where all of them are left.
// That takes a twentieth of a second.
const fewSamples = 100_000

// coarsened has the widest whole buckets that there are in the place of what is finer. They have
// the same samples.
func (a answering) coarsened(tiers repo.Tiers) answering {
	var list []segment
	for _, s := range a.segments {
		list = append(list, coarsen(tiers, s, Hour)...)
	}
	a.segments = list
	return a
}

// coarsen cuts a segment into what lies before, in and behind the whole buckets of a tier or, where
// it has none there, of the finer ones.
func coarsen(tiers repo.Tiers, s segment, g Granularity) []segment {
	switch {
	case s.from >= s.until:
		return nil
	case g <= s.granularity:
		return []segment{s}
	}
	bucket := g.Bucket()
	inner := segment{g, max(s.from.AlignUp(bucket), tiers[g].Floor),
		min(s.until, tiers[g].Watermark).AlignDown(bucket)}
	if inner.from >= inner.until {
		return coarsen(tiers, s, g-1)
	}
	before, behind := s, s
	before.until, behind.from = inner.from, inner.until
	return slices.Concat(
		coarsen(tiers, before, g-1), []segment{inner}, coarsen(tiers, behind, g-1))
}

// findLast finds the last rows of the series that end with a bucket, in what is finer.
func (s *summingUp) findLast(ctx context.Context, finest []segment) error {
	wanted := map[int64]*SeriesInfo{}
	from, until := maxMicros, repo.Micros(0)
	for id, sum := range s.sums {
		newest := s.newest[id].TS
		if sum.last.granularity == Raw || newest >= sum.at && newest < s.whole.Until {
			continue
		}
		wanted[id] = sum.series
		from = min(from, sum.at)
		until = max(until, sum.at.Add(sum.last.granularity.Bucket()))
	}
	part, found := s.view.of(wanted), map[int64]bool{}
	for _, segment := range slices.Backward(finest) {
		span := repo.Span{
			From: max(from, segment.from), Until: min(until, segment.until), NewestFirst: true,
		}
		if span.From >= span.Until {
			continue
		}
		for row, err := range part.rows(ctx, segment.granularity, span) {
			if err != nil {
				return err
			}
			sum := s.sums[row.SeriesID]
			switch {
			case !found[row.SeriesID]:
				found[row.SeriesID] = true
				sum.setLast(row, segment.granularity)
			case row.TS == sum.at: // another state of the same bucket
				sum.last.add(row, segment.granularity)
			case len(found) == len(wanted):
				return nil
			}
		}
	}
	return nil
}
