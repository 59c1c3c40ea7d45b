package repo

import (
	"context"
	"math"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// SetAggregation gives the series of a metric another aggregation, each in one transaction, and
// returns how many had another one. Buckets of states are made again where all of their raw samples
// are there. Older ones keep their value: an average becomes the one state of its bucket, and
// states become the average that they come to.
//
// Errors: that of ctx, ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) SetAggregation(
	ctx context.Context, metric string, to Aggregation,
) (changed int, err error) {
	rows, err := w.q.ListSeriesOf(ctx, metric)
	if err != nil {
		return 0, sqlite.Failure(ctx, "read series of", w.path, err)
	}
	for _, row := range rows {
		if Aggregation(row.Aggregation) == to {
			continue
		}
		if ctx.Err() != nil {
			return changed, context.Cause(ctx)
		}
		c := correction{w: w, series: SeriesInfo{ID: row.ID, Aggregation: Aggregation(row.Aggregation)}}
		err := w.update(ctx, "correct a series of", func() error { return c.run(ctx, to) })
		if err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}

// correction is one transaction, which gives a series another aggregation.
type correction struct {
	w      *Writer
	series SeriesInfo // as it was
	view   *Snapshot
	plain  plainMetrics
}

func (c *correction) run(ctx context.Context, to Aggregation) error {
	tiers, err := c.w.tiers(ctx)
	if err != nil {
		return err
	}
	c.view = &Snapshot{
		Tiers: tiers, path: c.w.path, q: c.w.q, turns: newTurns(), unsound: c.w.unsound,
	}
	change := c.toStates
	if to == Average {
		change = c.toAverages
	}
	if err := change(ctx); err != nil {
		return err
	}
	c.w.life = new(life) // what is remembered of the series
	err = c.w.q.SetAggregation(ctx,
		db.SetAggregationParams{Aggregation: string(to), ID: c.series.ID})
	if err != nil {
		return err
	}
	return c.w.q.SealSeries(ctx, c.series.ID)
}

// toStates makes buckets of states of averages: of raw samples where a bucket has them all.
func (c *correction) toStates(ctx context.Context) error {
	var states [tierCount]functions.Folded
	for g := Minute; g <= Hour; g++ {
		if err := c.keepAverages(ctx, g, &states[g]); err != nil {
			return err
		}
	}
	if err := c.countStates(ctx, &states); err != nil {
		return err
	}
	for g := Minute; g <= Hour; g++ {
		if err := c.w.q.DeleteBucketsOf(ctx,
			db.DeleteBucketsOfParams{Granularity: g.String(), SeriesID: c.series.ID}); err != nil {
			return err
		}
		first, last := functions.SketchIDs(g.String(), c.series.ID, 0, math.MaxInt64)
		err := c.w.q.DeleteSketches(ctx, db.DeleteSketchesParams{First: first, Last: last})
		if err != nil {
			return err
		}
		if err := c.w.mergeFolded(ctx, g, &states[g]); err != nil {
			return err
		}
	}
	return nil
}

// rawFrom is where the first bucket of a tier begins that raw samples are there for.
func (c *correction) rawFrom(g Granularity) Micros {
	return c.view.Tiers[Raw].Floor.AlignUp(g.Bucket())
}

// keepAverages makes the one state of a bucket of each average that raw samples are gone of.
func (c *correction) keepAverages(
	ctx context.Context, g Granularity, states *functions.Folded,
) error {
	span := Span{From: math.MinInt64, Until: c.rawFrom(g)}
	for bucket, err := range c.view.Scan(ctx, g, []SeriesInfo{c.series}, span) {
		if err != nil {
			return err
		}
		states.AddState(c.series.ID, int64(bucket.TS), bucket.mean(), bucket.Count)
	}
	return nil
}

// mean is within minimum and maximum, whatever rounding does.
func (b Bucket) mean() float64 { return max(b.Min, min(b.Max, b.Sum/float64(b.Count))) }

// countStates counts the raw samples that have been rolled up, by state and bucket.
func (c *correction) countStates(ctx context.Context, states *[tierCount]functions.Folded) error {
	tiers := c.view.Tiers
	span := Span{From: tiers[Raw].Floor, Until: tiers[Minute].Watermark}
	for sample, err := range c.view.Scan(ctx, Raw, []SeriesInfo{c.series}, span) {
		if err != nil {
			return err
		}
		for g := Minute; g <= Hour; g++ {
			if sample.TS >= c.rawFrom(g) && sample.TS < tiers[g].Watermark {
				bucket := sample.TS.AlignDown(g.Bucket())
				states[g].AddState(c.series.ID, int64(bucket), sample.Sum, 1)
			}
		}
	}
	return nil
}

// toAverages makes averages of buckets of states, which say all that there is to know.
func (c *correction) toAverages(ctx context.Context) error {
	for g := Minute; g <= Hour; g++ {
		span := Span{From: math.MinInt64, Until: math.MaxInt64}
		for state, err := range c.view.Scan(ctx, g, []SeriesInfo{c.series}, span) {
			if err == nil {
				err = c.average(ctx, g, state)
			}
			if err != nil {
				return err
			}
		}
		if err := c.w.q.DeleteStatesOf(ctx,
			db.DeleteStatesOfParams{Granularity: g.String(), SeriesID: c.series.ID}); err != nil {
			return err
		}
	}
	return nil
}

// average merges a state of a bucket into its average.
func (c *correction) average(ctx context.Context, g Granularity, state Bucket) error {
	row := &c.w.row
	row.Begin("rollups").Text(g.String()).Integer(c.series.ID).Integer(int64(state.TS)).
		Integer(state.Count).Real(state.Sum).Real(state.Min).Real(state.Max)
	if _, err := c.w.q.MergeRollup(ctx, db.MergeRollupParams{
		Granularity: g.String(), SeriesID: c.series.ID, Ts: int64(state.TS),
		Count: state.Count, Sum: state.Sum, Min: state.Min, Max: state.Max, Chk: row.Sum(),
	}); err != nil {
		return err
	}
	metric := c.series.Key.MetricName
	values, err := c.plain.sketch(ctx, c.w.q, metric, state.Min, state.Count)
	if err != nil {
		return err
	}
	return c.w.mergeSketch(ctx, g, c.series.ID, state.TS, values)
}
