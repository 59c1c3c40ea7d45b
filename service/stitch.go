package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// segment is a range of time that one tier answers for, in points of one width. Segments follow
// each other without gap or overlap.
type segment struct {
	granularity Granularity
	from, until repo.Micros
	width       time.Duration // 0: every row is a point
	// edge is where the base tier begins: a point of the step that reaches further back begins
	// there, because coarser buckets speak for what lies before.
	edge repo.Micros
}

// segments lays out which tier answers for which part of a query, oldest first: up to the floor of
// the base tier the coarser ones, whose buckets may be wider than the step; then the base; and from
// where that ends the finer ones.
func segments(tiers repo.Tiers, query Query) []segment {
	from, until := repo.MicrosOf(query.From), repo.MicrosOf(query.Until)
	if query.Only != nil {
		g := *query.Only
		return clip(nil, segment{granularity: g, from: tiers[g].Floor, until: maxMicros}, from, until)
	}
	base := baseTier(query.Step)
	var list []segment
	for g := Hour; g > base; g-- {
		list = clip(list, segment{granularity: g, from: tiers[g].Floor, until: tiers[g-1].Floor}, from,
			until)
	}
	edge := tiers[base].Floor
	begin := edge
	for g := base; ; g-- {
		end := maxMicros
		if g > Raw {
			end = max(tiers[g].Watermark.AlignDown(g.Bucket()), begin)
		}
		list = clip(list, segment{g, begin, end, query.Step, edge}, from, until)
		if g == Raw {
			return list
		}
		begin = end
	}
}

const maxMicros = repo.Micros(1<<63 - 1)

// baseTier is the coarsest tier whose bucket divides the step.
func baseTier(step time.Duration) Granularity {
	for g := Hour; g > Raw; g-- {
		if step > 0 && step%g.Bucket() == 0 {
			return g
		}
	}
	return Raw
}

// clip adds the part of s that lies in [from, until). It widens at its beginning to a whole point
// or bucket. At its end it widens to whole buckets only: samples of the last point are taken up to
// there, so that the same question has the same answer when more of them have been recorded.
func clip(list []segment, s segment, from, until repo.Micros) []segment {
	bucket := s.granularity.Bucket()
	s.from = max(s.from, from.AlignDown(max(s.width, bucket)))
	s.until = min(s.until, until.AlignUp(bucket))
	if s.from >= s.until {
		return list
	}
	return append(list, s)
}

// points yields the points of a query until yield returns false.
func (v *view) points(ctx context.Context, query Query, yield func(Point) bool) error {
	list := segments(v.snapshot.Tiers, query)
	if query.NewestFirst {
		slices.Reverse(list)
	}
	return v.gather(ctx, list, query.NewestFirst, yield)
}

// gather reads segments in the order in which they are given.
func (v *view) gather(
	ctx context.Context, list []segment, newestFirst bool, yield func(Point) bool,
) error {
	gather := gathering{view: v, yield: yield}
	for _, s := range list {
		span := repo.Span{From: s.from, Until: s.until, NewestFirst: newestFirst}
		for row, err := range v.snapshot.Scan(ctx, s.granularity, v.picked, span) {
			if err != nil {
				return err
			}
			if err := v.check(row); err != nil {
				return err
			}
			if !gather.add(row, s) {
				return nil
			}
		}
	}
	gather.flush()
	return nil
}

// check refuses a row that only a damaged file has.
func (v *view) check(row repo.Bucket) error {
	if v.series[row.SeriesID] == nil {
		return fmt.Errorf("%w: a row of series %d, which was not asked for", ErrDamaged, row.SeriesID)
	}
	return nil
}

// gathering merges the rows of one moment of the result into its points. Rows come in the order of
// time or against it, so that one moment is gathered at a time.
type gathering struct {
	view   *view
	yield  func(Point) bool
	at     repo.Micros
	counts []*tally // of the moment, in the order of their series
	free   []*tally // of moments before, to be used again
	index  map[int64]*tally
}

// add takes a row and says whether more are wanted.
func (g *gathering) add(row repo.Bucket, s segment) bool {
	at := row.TS.AlignDown(s.width)
	if s.width > 0 {
		at = max(at, s.edge)
	}
	if len(g.counts) > 0 && at != g.at && !g.flush() {
		return false
	}
	g.at = at
	t, ok := g.index[row.SeriesID]
	if !ok {
		t = g.newTally(row.SeriesID)
		if g.index == nil {
			g.index = map[int64]*tally{}
		}
		g.index[row.SeriesID] = t
		g.counts = append(g.counts, t)
	}
	t.add(row, s.granularity)
	return true
}

// newTally returns an empty tally. Points are many, and the series of a moment few.
func (g *gathering) newTally(id int64) *tally {
	series := g.view.series[id]
	last := len(g.free) - 1
	if last < 0 {
		return &tally{series: series}
	}
	t := g.free[last]
	g.free = g.free[:last]
	clear(t.states)
	*t = tally{series: series, states: t.states}
	return t
}
