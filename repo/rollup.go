package repo

import (
	"context"
	"time"

	"github.com/wanstore/wanstore/db"
)

const (
	// stepRows bounds a step of maintenance: so many rows are read, or deleted, in one transaction.
	// A size cap bounds it further.
	stepRows = 10_000

	// stepSamples bounds a step that reads samples: from blocks they come ten times as fast as
	// rows.
	stepSamples = 100_000

	// samplesPerSeries is the least that a step reads of each series before it cuts a minute: each
	// cut rewrites a page a series.
	samplesPerSeries = 60

	// mostSamples bounds a step with very many series: what it groups is in memory.
	mostSamples = 600_000

	// mostRows is mostSamples of a step that reads rows.
	mostRows = 100_000
)

// RollUp does one step of rolling the tier below into the tier to, and moves the watermark with it.
// It returns how many buckets it made, and whether more are due.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) RollUp(
	ctx context.Context, to Granularity, now Micros, grace time.Duration,
) (made int64, more bool, err error) {
	err = w.update(ctx, "roll up "+to.String()+" of", func() error {
		tiers, err := w.tiers(ctx)
		if err != nil {
			return err
		}
		slice := span{from: tiers[to].Watermark, until: tiers.RollUpLimit(to, now, grace)}
		if slice.empty() {
			return nil
		}
		part, err := w.cut(ctx, to, slice)
		if err != nil {
			return err
		}
		more = part.until < slice.until
		made, err = w.rollUpSlice(ctx, to, part)
		return err
	})
	if err != nil {
		return 0, false, err
	}
	return made, more, nil
}

// span is a half-open range of time.
type span struct{ from, until Micros }

func (s span) empty() bool { return s.from >= s.until }

// cut shortens a slice to what one step may do.
func (w *Writer) cut(ctx context.Context, to Granularity, slice span) (span, error) {
	series, err := w.q.LastSeriesID(ctx)
	if err != nil {
		return slice, err
	}
	if to == Minute {
		samples := w.atMost(min(max(stepSamples, samplesPerSeries*series), mostSamples), series)
		return w.cutSamples(ctx, slice, samples)
	}
	return w.cutBuckets(ctx, to, slice, series)
}

// cutSamples ends a slice of raw samples before it has many more than n, in the middle of a minute
// if need be.
func (w *Writer) cutSamples(ctx context.Context, slice span, n int64) (span, error) {
	parts, _, err := listParts(ctx, w.q)
	if err != nil {
		return slice, err
	}
	part, _, err := cutRaw(ctx, w.q, parts, slice, looking{samples: n, blocks: mostKeys})
	return part, err
}

// cutBuckets ends a slice of buckets before a step would read more rows than it may. A series has
// one in a bucket, or none, or one for each of its states. The slice ends with a bucket of the tier
// to, unless the states of one alone are too many.
func (w *Writer) cutBuckets(
	ctx context.Context, to Granularity, slice span, series int64,
) (span, error) {
	perBucket := series * int64(to.Bucket()/(to-1).Bucket())
	rows := w.atMost(min(max(stepRows, 2*perBucket), mostRows), series)
	part, err := w.cutRows(ctx, to-1, slice, series, rows)
	if whole := part.until.AlignDown(to.Bucket()); whole > slice.from {
		part.until = whole
	}
	return part, err
}

// cutRows ends a slice of a tier of buckets before it has more than so many rows, half of them for
// each kind of series if there are both, but after one bucket at least.
func (w *Writer) cutRows(
	ctx context.Context, g Granularity, slice span, series, rows int64,
) (span, error) {
	if slice.empty() {
		return slice, nil
	}
	states, err := w.q.CountModeSeries(ctx)
	if err != nil {
		return slice, err
	}
	if states > 0 && states < series {
		rows /= 2
	}
	nth, err := w.q.NthBucket(ctx, db.NthBucketParams{
		Granularity: g.String(), FromTs: int64(slice.from), UntilTs: int64(slice.until),
		Buckets: rows / max(series-states, 1), States: rows / max(states, 1),
	})
	if err != nil || nth < 0 {
		return slice, err
	}
	slice.until = min(slice.until, max(Micros(nth), slice.from.AlignDown(g.Bucket()).Add(g.Bucket())))
	return slice, nil
}

func (w *Writer) rollUpSlice(
	ctx context.Context, to Granularity, slice span,
) (made int64, err error) {
	// a bucket that an earlier step has begun is not made twice
	from := slice.from.AlignDown(to.Bucket())
	before, err := countRollups(ctx, w.q, to, from)
	if err != nil {
		return 0, err
	}
	if to == Minute {
		err = w.rollUpSamples(ctx, slice)
	} else {
		err = w.rollUpBuckets(ctx, to, slice)
	}
	if err != nil {
		return 0, err
	}
	after, err := countRollups(ctx, w.q, to, from)
	if err != nil {
		return 0, err
	}
	return after - before, w.raiseWatermark(ctx, to, slice.until)
}

func (w *Writer) raiseWatermark(ctx context.Context, g Granularity, watermark Micros) error {
	tiers, err := w.tiers(ctx)
	if err != nil || tiers[g].Watermark >= watermark {
		return err
	}
	tiers[g].Watermark = watermark
	return setTier(ctx, w.q, tiers[g])
}

// rollUpSamples reads the samples of a slice once, and makes all that is made of them from what
// they come to.
func (w *Writer) rollUpSamples(ctx context.Context, slice span) error {
	_, parts, err := listParts(ctx, w.q)
	if err != nil {
		return err
	}
	first, last := reach(slice)
	if err := w.q.GroupBlocks(ctx, db.GroupBlocksParams{
		Bucket: Minute.Bucket().Microseconds(), FromTs: int64(slice.from), UntilTs: int64(slice.until),
		Parts: parts, First: first, Last: last,
	}); err != nil {
		return err
	}
	if err := w.rollUpGroups(ctx); err != nil {
		return err
	}
	if err := w.q.GroupSamples(ctx, db.GroupSamplesParams{
		Bucket: Minute.Bucket().Microseconds(), FromTs: int64(slice.from), UntilTs: int64(slice.until),
	}); err != nil {
		return err
	}
	return w.rollUpGroups(ctx)
}

// rollUpGroups rolls the samples that have been grouped into the 1m tier.
func (w *Writer) rollUpGroups(ctx context.Context) error {
	if err := w.mergeAverages(ctx, Minute); err != nil {
		return err
	}
	if err := w.mergeStates(ctx, Minute); err != nil {
		return err
	}
	if err := w.q.AdvanceLastSamples(ctx); err != nil {
		return err
	}
	return w.q.ForgetSampleGroups(ctx)
}

func (w *Writer) rollUpBuckets(ctx context.Context, to Granularity, slice span) error {
	source := to - 1
	if err := w.q.GroupRollups(ctx, db.GroupRollupsParams{
		Bucket: to.Bucket().Microseconds(), Source: source.String(),
		FromTs: int64(slice.from), UntilTs: int64(slice.until),
	}); err != nil {
		return err
	}
	if err := w.mergeAverages(ctx, to); err != nil {
		return err
	}
	if err := w.q.ForgetSampleGroups(ctx); err != nil {
		return err
	}
	return w.rollUpStates(ctx, to, slice)
}

// mergeAverages merges what has been grouped of measurements into the buckets of a tier, and into
// their sketches.
func (w *Writer) mergeAverages(ctx context.Context, g Granularity) error {
	if err := w.q.MergeRollups(ctx, g.String()); err != nil {
		return err
	}
	return w.q.MergeSketches(ctx, g.String())
}

// countRollups counts the rows that a tier of buckets has from a moment on.
func countRollups(ctx context.Context, q *db.Queries, g Granularity, from Micros) (int64, error) {
	buckets, err := q.CountRollups(ctx,
		db.CountRollupsParams{Granularity: g.String(), FromTs: int64(from)})
	if err != nil {
		return 0, err
	}
	states, err := q.CountStateRollups(ctx,
		db.CountStateRollupsParams{Granularity: g.String(), FromTs: int64(from)})
	return buckets + states, err
}
