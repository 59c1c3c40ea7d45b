package service

import (
	"context"
	"slices"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/repo"
)

// segment is a range of time that one tier answers for. Segments follow each other without gap or
// overlap.
type segment struct {
	granularity Granularity
	from, until repo.Micros
}

// answering is which tier answers for which part of a query, and how that is cut into points.
type answering struct {
	segments []segment
	grid     grid           // nil: every row is a point
	shared   *distributions // nil if none are wanted
}

func newAnswering(tiers repo.Tiers, query Query, shared *distributions) answering {
	if query.Only != nil {
		g := *query.Only
		all := []segment{{granularity: g, from: tiers[g].Floor, until: maxMicros}}
		return answering{segments: clip(all, query, nil), shared: shared}
	}
	all := layOut(tiers, baseTier(tiers, query))
	grid := newGrid(query, all)
	return answering{segments: clip(all, query, grid), grid: grid, shared: shared}
}

// layOut says which tier answers when, oldest first: up to the floor of the base tier the coarser
// ones, whose buckets may be wider than the step; then the base; and from where that ends the finer
// ones.
func layOut(tiers repo.Tiers, base Granularity) []segment {
	var list []segment
	add := func(g Granularity, from, until repo.Micros) {
		if from < until {
			list = append(list, segment{g, from, until})
		}
	}
	for g := Hour; g > base; g-- {
		add(g, tiers[g].Floor, tiers[g-1].Floor)
	}
	begin := tiers[base].Floor
	for g := base; g > Raw; g-- {
		end := max(tiers[g].Watermark.AlignDown(g.Bucket()), begin)
		add(g, begin, end)
		begin = end
	}
	add(Raw, begin, maxMicros)
	return list
}

const maxMicros = repo.Micros(1<<63 - 1)

// baseTier is the coarsest tier whose buckets divide the step.
func baseTier(tiers repo.Tiers, query Query) Granularity {
	for g := Hour; g > Raw; g-- {
		if query.Stepped() && query.Step%g.Bucket() == 0 && daysDivide(tiers, query, g) {
			return g
		}
	}
	return Raw
}

// daysDivide says that buckets of a tier divide the days that a query asks for, if it asks for
// days or months. Of a zone whose time is not whole hours from UTC buckets of an hour do not.
func daysDivide(tiers repo.Tiers, query Query, g Granularity) bool {
	if query.Step%day != 0 || query.zone() == time.UTC {
		return true
	}
	const most = 10 * 365 * day // more than a file keeps
	from := max(repo.MicrosOf(query.From), tiers.LowestFloor()).Time()
	until := from.Add(most)
	if query.Until.Before(until) {
		until = query.Until
	}
	before := max(query.Step, time.Duration(min(query.Months, 10*12))*31*day)
	return clock.DaysBeginWith(g.Bucket(), query.zone(), from.Add(-min(before, most)), until)
}

// clip returns the parts of segments that lie in the range of a query. It widens at its beginning
// to a whole point or bucket; but where a day of the zone begins, a bucket that began before it
// belongs to the day before, so that days add up. At its end it widens to whole buckets only:
// samples of the last point are taken up to there, so that the same question has the same answer
// when more of them have been recorded.
func clip(all []segment, query Query, cut grid) []segment {
	from, until := repo.MicrosOf(query.From), repo.MicrosOf(query.Until)
	var list []segment
	for _, s := range all {
		bucket := s.granularity.Bucket()
		begin := from.AlignDown(bucket)
		if cut != nil {
			begin, _ = cut.cell(from)
		} else if bucket > 0 && beginsDay(query) {
			begin = from
		}
		s.from, s.until = max(s.from, begin), min(s.until, until.AlignUp(bucket))
		if s.from < s.until {
			list = append(list, s)
		}
	}
	return list
}

func beginsDay(query Query) bool {
	zone := query.zone()
	return query.From.Equal(clock.DayStart(clock.DayOf(query.From, zone), zone))
}

// cell returns the stretch that a row of a tier belongs to.
func (a answering) cell(at repo.Micros, g Granularity) (begin, end repo.Micros) {
	if a.grid == nil {
		return at, at.Add(g.Bucket())
	}
	return a.grid.cell(at)
}

// points yields the points of a query until yield returns false. Their distributions are made in
// the room that is given.
func (v *view) points(
	ctx context.Context, query Query, shared *distributions, yield func(Point) bool,
) error {
	answering := newAnswering(v.snapshot.Tiers, query, shared)
	if query.NewestFirst {
		slices.Reverse(answering.segments)
	}
	return v.gather(ctx, answering, query.NewestFirst, yield)
}

// gather reads segments in the order in which they are given.
func (v *view) gather(
	ctx context.Context, answering answering, newestFirst bool, yield func(Point) bool,
) error {
	gather := gathering{view: v, answering: answering, yield: yield}
	for _, s := range answering.segments {
		span := repo.Span{
			From: s.from, Until: s.until, NewestFirst: newestFirst, Sketches: answering.shared != nil,
		}
		for row, err := range v.rows(ctx, s.granularity, span) {
			if err != nil {
				return err
			}
			if !gather.add(row, s.granularity) {
				return nil
			}
		}
	}
	gather.flush()
	return nil
}

// gathering merges the rows of one moment of the result into its points. Rows come in the order of
// time or against it, so that one moment is gathered at a time.
type gathering struct {
	view      *view
	answering answering
	yield     func(Point) bool
	at, end   repo.Micros // the stretch that is gathered
	counts    []*tally    // of that, in the order of their series
	free      []*tally    // of those before, to be used again
	index     map[int64]*tally
}

// add takes a row and says whether more are wanted.
func (g *gathering) add(row repo.Bucket, tier Granularity) bool {
	at, end := g.answering.cell(row.TS, tier)
	if len(g.counts) > 0 && at != g.at && !g.flush() {
		return false
	}
	g.at, g.end = at, end
	t, ok := g.index[row.SeriesID]
	if !ok {
		t = g.newTally(row.SeriesID)
		if g.index == nil {
			g.index = map[int64]*tally{}
		}
		g.index[row.SeriesID] = t
		g.counts = append(g.counts, t)
	}
	t.add(row, tier)
	return true
}

// newTally returns an empty tally. Points are many, and the series of a moment few.
func (g *gathering) newTally(id int64) *tally {
	series := g.view.series[id]
	last := len(g.free) - 1
	if last < 0 {
		return &tally{series: series, distributing: distributing{of: g.answering.shared}}
	}
	t := g.free[last]
	g.free = g.free[:last]
	clear(t.states)
	*t = tally{series: series, states: t.states, distributing: t.distributing}
	return t
}
