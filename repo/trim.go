package repo

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"

	"github.com/wanstore/wanstore/db"
)

// trimRows is how many rows of a tier are given up at a time, more or less: enough for what a
// commit adds, and no more than need be.
const trimRows = 5000

// Trim is the state of giving history up because of the size cap. The zero value begins.
type Trim struct {
	Deleted   [tierCount]int64 // rows, by tier
	Exhausted bool             // the file is too large still, and there is nothing left to give up

	sweep Sweep
	swept Granularity // the tier that sweep is about

	most int // pages that the file had when it became too large, or may have
}

// Trim does one step of making the file small enough for its cap, and says whether there is more to
// do. The oldest data of the finest tier that has any is given up first: it is rolled up into the
// next tier, then the floor rises over it, then it is deleted, each in steps of their own. Only of
// the coarsest tier nothing remains. Raw samples are given up by whole minutes; of the minute under
// way what is still to come is merged into its bucket as if it were late. No floor rises beyond
// latest, the moment of the newest sample that may be: a clock that was ahead for a while has left
// samples there, and what is recorded when it is right again must not lie below.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) Trim(ctx context.Context, latest Micros, trim *Trim) (more bool, err error) {
	if w.sizeCap == 0 {
		trim.Exhausted, trim.most = false, 0
		return false, nil
	}
	next := *trim
	err = w.update(ctx, "trim", func() error {
		room, err := w.readRoom(ctx)
		if err != nil || !room.over() {
			next.Exhausted, next.most = false, 0
			return err
		}
		next.most = min(max(room.total, room.limit), cmp.Or(next.most, math.MaxInt))
		more, err = w.trim(ctx, latest, &next, room.growth(next.most))
		next.Exhausted = !more
		return err
	})
	if err != nil {
		return false, err
	}
	*trim = next
	return more, nil
}

// growth is how far a file has grown because of trimming: where series have few samples a minute,
// their buckets are larger than they, and if the file grows by rolling them up, buckets have to
// make room for that first.
type growth int

const (
	noGrowth    growth = iota
	someGrowth         // 1m and 5m buckets go before raw samples
	largeGrowth        // hours, too: there is no room to roll anything up
)

func (r room) growth(most int) growth {
	switch {
	case r.free >= r.reserve || r.total <= most:
		return noGrowth
	case r.total <= most+r.reserve:
		return someGrowth
	default:
		return largeGrowth
	}
}

// trim does the first thing that makes the file smaller, or gets nearer to it.
func (w *Writer) trim(
	ctx context.Context, latest Micros, trim *Trim, grown growth,
) (done bool, err error) {
	tiers, err := w.tiers(ctx)
	if err != nil {
		return false, err
	}
	deferred := Micros(0)
	for _, g := range Granularities() {
		if g == Hour && deferred > 0 && grown < largeGrowth {
			break
		}
		first, err := w.firstRow(ctx, tiers[g])
		if err != nil {
			return false, err
		}
		if first < 0 {
			continue
		}
		if first < tiers[g].Floor {
			return true, w.sweepTrimmed(ctx, tiers, g, trim)
		}
		target, err := w.trimTarget(ctx, tiers, g, first, latest)
		if err != nil {
			return false, err
		}
		if g == Raw && grown > noGrowth && target > tiers[Minute].Watermark {
			deferred = target
			continue
		}
		if target > first {
			return true, w.giveUpUntil(ctx, tiers, g, target)
		}
	}
	if deferred > 0 {
		return true, w.giveUpUntil(ctx, tiers, Raw, deferred)
	}
	return false, nil
}

// firstRow is the moment of the first row of a tier, garbage below its floor included, or -1.
func (w *Writer) firstRow(ctx context.Context, tier Tier) (Micros, error) {
	if g := tier.Granularity; g != Raw {
		first, err := w.q.FirstBucket(ctx, db.FirstBucketParams{Granularity: g.String(), FromTs: 0})
		return Micros(first), err
	}
	parts, err := w.q.ListParts(ctx)
	if err != nil {
		return 0, err
	}
	row, err := w.q.FirstSampleTime(ctx, math.MinInt64)
	if err == nil && Micros(row) < tier.Floor {
		return Micros(row), nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	for _, part := range parts {
		if doomed, err := w.doomedBlocks(ctx, part, tier.Floor); err != nil || len(doomed) > 0 {
			return tier.Floor - 1, err
		}
	}
	return firstRaw(ctx, w.q, parts, tier.Floor)
}

// trimTarget is where the floor of a tier is to rise to, which lies after its first row unless no
// row may be given up.
func (w *Writer) trimTarget(
	ctx context.Context, tiers Tiers, g Granularity, first, latest Micros,
) (Micros, error) {
	series, err := w.q.LastSeriesID(ctx)
	if err != nil {
		return 0, err
	}
	// all of them may become rows of the next tier before any is deleted
	rows := w.atMost(trimRows, series)
	if g == Raw {
		target, err := w.trimSamplesTarget(ctx, tiers[Raw].Floor, rows)
		return min(target, (latest + 1).AlignUp(Minute.Bucket())), err
	}
	unit := Hour.Bucket()
	if g != Hour {
		unit = (g + 1).Bucket()
	}
	limit := min(tiers[g].Watermark, latest).AlignDown(unit)
	part, err := w.cutRows(ctx, g, span{from: first, until: limit}, series, rows)
	return min(max(part.until, first.Add(unit)).AlignDown(unit), limit), err
}

// trimSamplesTarget is the end of the minute of the last of the oldest samples that are to go.
func (w *Writer) trimSamplesTarget(
	ctx context.Context, floor Micros, samples int64,
) (Micros, error) {
	parts, list, err := listParts(ctx, w.q)
	if err != nil {
		return 0, err
	}
	whole := span{from: floor, until: math.MaxInt64}
	cut, _, err := cutRaw(ctx, w.q, parts, whole, looking{samples: samples, blocks: mostKeys})
	if err != nil || cut.until < math.MaxInt64 {
		return cut.until.AlignUp(Minute.Bucket()), err
	}
	last, err := lastRaw(ctx, w.q, list, floor)
	if errors.Is(err, sql.ErrNoRows) {
		return floor, nil
	}
	return (last + 1).AlignUp(Minute.Bucket()), err
}

// giveUpUntil raises the floor of a tier, and of the finer ones that lie below, once the next tier
// has taken over what lies before target: each of its steps by itself until then.
func (w *Writer) giveUpUntil(ctx context.Context, tiers Tiers, g Granularity, target Micros) error {
	if g < Hour && tiers[g+1].Watermark < target {
		part, err := w.cut(ctx, g+1, span{from: tiers[g+1].Watermark, until: target})
		if err != nil {
			return err
		}
		_, err = w.rollUpSlice(ctx, g+1, part)
		return err
	}
	for finer := Raw; finer <= g; finer++ {
		if err := w.raiseFloor(ctx, finer, target); err != nil {
			return err
		}
	}
	return nil
}

// sweepTrimmed deletes a batch of what lies below the floor of a tier.
func (w *Writer) sweepTrimmed(ctx context.Context, tiers Tiers, g Granularity, trim *Trim) error {
	if g == Raw {
		deleted, _, err := w.sweepSamples(ctx, tiers[Raw].Floor)
		trim.Deleted[Raw] += deleted
		return err
	}
	if trim.swept != g {
		trim.sweep, trim.swept = Sweep{}, g
	}
	deleted, more, err := w.sweepRollups(ctx, tiers[g], &trim.sweep)
	trim.Deleted[g] += deleted
	if !more {
		trim.sweep = Sweep{} // the next floor begins with the first series again
	}
	return err
}
