package repo

import (
	"context"
	"math"
	"time"
)

// defaultAges are those of a new file, as schema/history.sql has them.
var defaultAges = Ages{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 7 * 24 * time.Hour}

// lostTiers are the tiers whose row is damaged, missing or there twice.
type lostTiers [tierCount]bool

func (l lostTiers) any() bool { return l != lostTiers{} }

// ages are those of a policy or, where there is none, what the lost rows say, if that can be, or
// the defaults.
func (l lostTiers) ages(tiers Tiers, policy Ages) Ages {
	if said := policy.Or(tiers.Ages()); said.plausible() {
		return said
	}
	for g, lost := range l {
		if lost {
			tiers[g].Keep = defaultAges[g]
		}
	}
	return policy.Or(tiers.Ages())
}

// workOut works out again from the rows what the tiers say that are lost. What was rolled up is
// known by how many samples the newest bucket of a tier has of those that its source has. A floor
// lies where deleting has put it, by what the clock says of that, or at the first row of its tier.
func (s *Snapshot) workOut(ctx context.Context, lost lostTiers, ages Ages) error {
	clock, err := readClock(ctx, s.q)
	if err != nil {
		return err
	}
	for _, g := range Granularities() {
		if lost[g] {
			s.Tiers[g] = Tier{Granularity: g, Keep: ages[g]}
		}
	}
	if err := s.workOutWatermarks(ctx, lost); err != nil {
		return err
	}
	for g := Hour; ; g-- {
		if lost[g] {
			floor, err := s.workOutFloor(ctx, g)
			if err != nil {
				return err
			}
			s.Tiers[g].Floor = s.boundFloor(g, lost, max(floor, s.Tiers.FloorTarget(g, clock.Trusted)))
		}
		if g == Raw {
			return nil
		}
	}
}

// workOutWatermarks works out those of lost tiers. What a tier has rolled up, or deletes by, its
// sources have passed, also where they have no rows there. A watermark is not above that of its
// source, nor below the floor that has risen with it.
func (s *Snapshot) workOutWatermarks(ctx context.Context, lost lostTiers) error {
	var passed Micros
	var least, most [tierCount]Micros
	for g := Hour; g > Raw; g-- {
		if !lost[g] {
			passed = max(passed, s.Tiers[g].Watermark, s.Tiers[g].Floor)
			continue
		}
		rolledUp, end, err := s.workOutWatermark(ctx, g)
		if err != nil {
			return err
		}
		least[g], most[g] = passed, end
		passed = max(passed, rolledUp)
	}
	for g := Minute; g <= Hour; g++ {
		if !lost[g] {
			continue
		}
		if g > Minute {
			most[g] = min(most[g], s.Tiers[g-1].Watermark.AlignDown((g - 1).Bucket()))
		}
		if !lost[g-1] {
			least[g] = max(least[g], s.Tiers[g-1].Floor)
		}
		s.Tiers[g].Watermark = max(least[g], most[g])
	}
	return nil
}

// workOutWatermark goes through the source of the newest bucket of a tier until all of its samples
// have been met: there ends what is known to be rolled up. Where the source has more, that is the
// watermark, and otherwise at the most the end of the bucket. Where the source has fewer of them,
// it has let go of some, and so of none that were not rolled up.
func (s *Snapshot) workOutWatermark(
	ctx context.Context, g Granularity,
) (rolledUp, most Micros, err error) {
	last, err := s.lastBucket(ctx, g)
	if err != nil || last < 0 {
		return 0, 0, err
	}
	bucket := Span{From: last, Until: last.Add(g.Bucket())}
	left, err := s.totals(ctx, g, bucket)
	if err != nil {
		return 0, 0, err
	}
	source, err := s.rowsOf(ctx, g-1, bucket)
	if err != nil {
		return 0, 0, err
	}
	rolledUp, more := last, false
	for _, row := range source {
		if left[row.SeriesID] <= 0 {
			more = true
			continue
		}
		left[row.SeriesID] -= row.Count
		rolledUp = max(rolledUp, max(row.TS.Add((g-1).Bucket()), row.TS+1))
	}
	for _, samples := range left {
		more = more && samples <= 0
	}
	if more {
		return rolledUp, rolledUp, nil
	}
	return rolledUp, bucket.Until, nil
}

// workOutFloor begins at the first row of a tier, and passes over what has been swept in part:
// there the next tier has more.
func (s *Snapshot) workOutFloor(ctx context.Context, g Granularity) (Micros, error) {
	first, err := s.firstMoment(ctx, g)
	if err != nil || first < 0 {
		return 0, err
	}
	if g == Hour {
		return first.AlignDown(Hour.Bucket()), nil
	}
	unit := (g + 1).Bucket()
	limit := s.Tiers[g+1].Watermark.AlignDown(unit)
	floor := min(first.AlignDown(unit), limit)
	for floor < limit {
		whole, err := s.isWhole(ctx, g, Span{From: floor, Until: floor.Add(unit)})
		if err != nil || whole {
			return floor, err
		}
		floor = floor.Add(unit)
	}
	return floor, nil
}

// boundFloor keeps to what the other tiers say: coarser tiers begin no later than finer ones.
func (s *Snapshot) boundFloor(g Granularity, lost lostTiers, floor Micros) Micros {
	for finer := range g {
		if !lost[finer] {
			floor = min(floor, s.Tiers[finer].Floor)
		}
	}
	if g < Hour {
		floor = max(floor, s.Tiers[g+1].Floor)
	}
	return floor
}

// isWhole says that a tier has all samples that its next one has in one bucket of that.
func (s *Snapshot) isWhole(ctx context.Context, g Granularity, bucket Span) (bool, error) {
	left, err := s.totals(ctx, g+1, bucket)
	if err != nil {
		return false, err
	}
	has, err := s.totals(ctx, g, bucket)
	for id, samples := range left {
		if has[id] < samples {
			return false, err
		}
	}
	return true, err
}

// totals counts the samples of each series that the rows of a tier have in a span.
func (s *Snapshot) totals(ctx context.Context, g Granularity, span Span) (map[int64]int64, error) {
	rows, err := s.rowsOf(ctx, g, span)
	totals := map[int64]int64{}
	for _, row := range rows {
		totals[row.SeriesID] += row.Count
	}
	return totals, err
}

// rowsOf reads the sound rows that a tier has in a span, whatever its floor, in the order of time.
func (s *Snapshot) rowsOf(ctx context.Context, g Granularity, over Span) ([]Bucket, error) {
	if len(s.Series) == 0 {
		return nil, nil
	}
	if g > Raw {
		return s.readWindow(ctx, g, s.Series, over)
	}
	scan := sampleScan{Snapshot: s, picked: pickSeries(s.Series)}
	rows, err := scan.read(ctx, span{over.From, over.Until})
	scan.sort(rows)
	return rows, err
}

func (s *Snapshot) firstMoment(ctx context.Context, g Granularity) (Micros, error) {
	if g > Raw {
		return s.firstBucket(ctx, g)
	}
	parts, err := s.q.ListParts(ctx)
	if err != nil {
		return 0, err
	}
	return firstRaw(ctx, s.q, parts, 0)
}

func (s *Snapshot) firstBucket(ctx context.Context, g Granularity) (Micros, error) {
	first, err := s.nextWindow(ctx, g, Span{From: 0, Until: math.MaxInt64}, g.Bucket())
	if err != nil || first == (Span{}) {
		return -1, err
	}
	return first.From, nil
}

func (s *Snapshot) lastBucket(ctx context.Context, g Granularity) (Micros, error) {
	last, err := s.nextWindow(ctx, g, Span{From: 0, Until: math.MaxInt64, NewestFirst: true},
		g.Bucket())
	if err != nil || last == (Span{}) {
		return -1, err
	}
	return last.From, nil
}

func (w *Writer) workOutTiers(ctx context.Context, tiers Tiers, lost lostTiers) (Tiers, error) {
	ages := lost.ages(tiers, w.ages)
	s := &Snapshot{Tiers: tiers, path: w.path, q: w.q, unsound: w.unsound}
	if err := s.readSeries(ctx); err != nil {
		return tiers, err
	}
	err := s.workOut(ctx, lost, ages)
	return s.Tiers, err
}
