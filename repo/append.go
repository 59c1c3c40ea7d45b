package repo

import (
	"context"
	"errors"
	"math"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/block"
	"github.com/wanstore/wanstore/repo/internal/functions"
)

// MaxValue is the largest magnitude of a value. Sums of a year of such samples stay finite, so that
// no bucket ever holds an infinity or the difference of two, which SQLite stores as NULL.
const MaxValue = 1e290

// Sample is one measurement of a series.
type Sample struct {
	Series *Series
	TS     Micros
	Value  float64
	// Aggregated says that it stands for an unknown number of samples: no bucket that it becomes
	// part of has a sketch.
	Aggregated bool
}

// Outcome is what became of one sample of a batch.
type Outcome uint8

// The outcomes. From RefusedValue on the sample was not taken.
const (
	Stored             Outcome = iota // in the raw tier, to be rolled up in its time
	StoredLate                        // older than a watermark: merged into the tiers beyond it
	Duplicate                         // the same series at the same moment was there before, and stays
	RefusedValue                      // not finite, or beyond MaxValue
	RefusedAhead                      // after Batch.Latest
	RefusedOld                        // below the lowest floor of the file
	RefusedAggregation                // the file has the metric with another aggregation
	RefusedSeries                     // the series is new, and the file has Batch.MaxSeries
	RefusedDamaged                    // the row of the series is damaged
	OutcomeCount       = iota         // how many outcomes there are
)

// Taken says that the sample is in the file.
func (o Outcome) Taken() bool { return o < RefusedValue }

// Batch is what one commit takes.
type Batch struct {
	Samples []Sample
	// Latest is the moment after which a sample is too far ahead of the clock.
	Latest Micros
	// MaxSeries is how many series the file may have, 0 for any number.
	MaxSeries int64
	// Import, if there is one, is where the samples come from: it moves in the same transaction.
	Import *Import
}

// Append stores a batch in one transaction and sets outcomes[i] to what became of sample i. A
// refused sample takes no neighbour with it; an error means that nothing of the batch was stored.
//
// Errors: ErrBusy, ErrImportMoved, ErrDiskFull, ErrMountGone, ErrDamaged, and those of the file
// system.
func (w *Writer) Append(ctx context.Context, batch Batch, outcomes []Outcome) error {
	a := appending{w: w, batch: batch, outcomes: outcomes, fresh: w.fresh[:0], late: w.late[:0]}
	err := w.update(ctx, "append to", func() error { return a.run(ctx) })
	w.fresh, w.late = a.fresh[:0], a.late[:0]
	if err != nil {
		a.forget()
		return err
	}
	batch.Import.settle()
	return nil
}

// appending is the state of one transaction of Append.
type appending struct {
	w        *Writer
	tiers    Tiers
	lowest   Micros // floor of the tiers
	batch    Batch
	outcomes []Outcome
	learned  []*Series // resolved in this transaction

	fresh []block.Sample // newer than all that was known of their series
	late  []int          // samples of the batch that have to be looked up

	states [tierCount]functions.Folded // what is to join buckets of states that are there already
	plain  plainMetrics
}

func (a *appending) run(ctx context.Context) error {
	var err error
	if a.tiers, err = a.w.known.refresh(ctx, a.w); err != nil {
		return err
	}
	a.lowest = a.tiers.LowestFloor()
	for i := range a.batch.Samples {
		if a.outcomes[i], err = a.add(ctx, i); err != nil {
			return err
		}
	}
	if err := a.addLate(ctx); err != nil {
		return err
	}
	for g := range a.states {
		if err := a.w.mergeFolded(ctx, Granularity(g), &a.states[g]); err != nil {
			return err
		}
	}
	if err := a.w.insertBlocks(ctx, a.fresh); err != nil {
		return err
	}
	return a.w.moveImport(ctx, a.batch.Import)
}

// add takes a sample of the batch, and says what its outcome is, unless it has to be looked up.
func (a *appending) add(ctx context.Context, i int) (Outcome, error) {
	s := &a.batch.Samples[i]
	switch {
	case !(math.Abs(s.Value) <= MaxValue): // so written that NaN is refused, too
		return RefusedValue, nil
	case s.TS > a.batch.Latest:
		return RefusedAhead, nil
	case s.TS < a.lowest:
		return RefusedOld, nil
	}
	switch err := a.resolve(ctx, s.Series); {
	case errors.Is(err, ErrAggregation):
		return RefusedAggregation, nil
	case errors.Is(err, ErrTooManySeries):
		return RefusedSeries, nil
	case errors.Is(err, errDamagedSeries):
		return RefusedDamaged, nil
	case err != nil:
		return 0, err
	}
	switch {
	case s.TS < a.tiers[Raw].Floor:
	case a.w.known.advance(s.Series.id, s.TS):
		a.fresh = append(a.fresh, block.Sample{SeriesID: s.Series.id, TS: int64(s.TS), Value: s.Value})
	default:
		a.late = append(a.late, i)
		return Stored, nil // for now
	}
	return a.count(ctx, s)
}

// count merges a sample that has been stored into the tiers that have passed it.
func (a *appending) count(ctx context.Context, s *Sample) (Outcome, error) {
	if s.TS < a.tiers[Minute].Watermark {
		return StoredLate, a.merge(ctx, s)
	}
	if !s.Aggregated || s.Series.mode {
		return Stored, nil
	}
	return Stored, a.w.mergeSketch(ctx, Minute, s.Series.id, s.TS.AlignDown(Minute.Bucket()), noSketch)
}

func (a *appending) resolve(ctx context.Context, s *Series) error {
	if s.id != 0 && s.life == a.w.life {
		return nil
	}
	if err := a.w.resolve(ctx, s, a.batch.MaxSeries); err != nil {
		return err
	}
	s.life = a.w.life
	a.learned = append(a.learned, s)
	return nil
}

// merge adds a late sample to every tier that has passed its moment and still holds it.
func (a *appending) merge(ctx context.Context, s *Sample) error {
	for _, tier := range a.tiers[Minute:] {
		if s.TS >= tier.Watermark || s.TS < tier.Floor {
			continue
		}
		if err := a.mergeInto(ctx, tier.Granularity, s); err != nil {
			return err
		}
	}
	a.w.known.merged()
	return a.w.q.AdvanceLastSample(ctx, db.AdvanceLastSampleParams{
		Ts: int64(s.TS), Value: s.Value, ID: s.Series.id,
	})
}

func (a *appending) mergeInto(ctx context.Context, g Granularity, s *Sample) error {
	bucket, row := int64(s.TS.AlignDown(g.Bucket())), &a.w.row
	if s.Series.mode {
		a.states[g].AddState(s.Series.id, bucket, s.Value, 1)
		return nil
	}
	row.Begin("rollups").Text(g.String()).Integer(s.Series.id).Integer(bucket).
		Integer(1).Real(s.Value).Real(s.Value).Real(s.Value)
	if _, err := a.w.q.MergeRollup(ctx, db.MergeRollupParams{
		Granularity: g.String(), SeriesID: s.Series.id, Ts: bucket,
		Count: 1, Sum: s.Value, Min: s.Value, Max: s.Value, Chk: row.Sum(),
	}); err != nil {
		return err
	}
	values := noSketch
	if !s.Aggregated {
		var err error
		values, err = a.plain.sketch(ctx, a.w.q, s.Series.Key.MetricName, s.Value, 1)
		if err != nil {
			return err
		}
	}
	return a.w.mergeSketch(ctx, g, s.Series.id, Micros(bucket), values)
}

// forget takes back what was learned in a transaction that failed.
func (a *appending) forget() {
	// whatever ids were known: others may have committed meanwhile
	a.w.known, a.w.life = known{}, new(life)
	for _, s := range a.learned {
		s.forget()
	}
}
