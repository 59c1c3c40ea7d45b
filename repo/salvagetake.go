package repo

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/wanstore/wanstore/db"
)

// take takes the rows of a page that the history can have.
func (w *Writer) take(ctx context.Context, s *Salvage, page salvagePage, run *SalvageRun) error {
	tiers, err := w.tiers(ctx)
	if err != nil {
		return err
	}
	rows := make([]Bucket, 0, len(page.rows))
	for _, row := range page.rows {
		known, err := w.knows(ctx, s.series[row.SeriesID])
		if err != nil {
			return err
		}
		if known && row.TS >= tiers[page.tier].Floor {
			rows = append(rows, row)
		}
	}
	var taken int64
	if page.tier == Raw {
		taken, err = w.takeSamples(ctx, s, rows)
	} else {
		taken, err = w.takeBuckets(ctx, s, rows, tiers[page.tier], run.successor)
	}
	told := &run.Report.Tiers[page.tier]
	told.Taken += taken
	told.GivenUp += int64(len(page.rows)) - taken
	return err
}

// knows finds or makes the series of rows, unless the history has another aggregation for it, or
// cannot read its own row.
func (w *Writer) knows(ctx context.Context, series *Series) (bool, error) {
	if series.id != 0 && series.life == w.life {
		return true, nil
	}
	err := w.resolve(ctx, series, 0)
	switch {
	case errors.Is(err, ErrAggregation), errors.Is(err, errDamagedSeries):
		return false, nil
	case err != nil:
		return false, err
	}
	series.life = w.life
	return true, nil
}

// takeBuckets adds buckets to those that a tier has. What is to be rolled up into the tier is left
// to that: the rows that it is made of are taken, too.
func (w *Writer) takeBuckets(
	ctx context.Context, s *Salvage, rows []Bucket, tier Tier, successor bool,
) (taken int64, err error) {
	if taken, err = w.groupBuckets(ctx, s, rows, tier.Watermark); err != nil {
		return 0, err
	}
	g := tier.Granularity.String()
	if !successor {
		held, err := w.q.ForgetHeldGroups(ctx, g)
		if err != nil {
			return 0, err
		}
		taken -= held
	}
	if err := w.mergeAverages(ctx, tier.Granularity); err != nil {
		return 0, err
	}
	if err := w.mergeStates(ctx, tier.Granularity); err != nil {
		return 0, err
	}
	return taken, w.q.ForgetSampleGroups(ctx)
}

// groupBuckets puts buckets where they are merged from.
func (w *Writer) groupBuckets(
	ctx context.Context, s *Salvage, rows []Bucket, watermark Micros,
) (taken int64, err error) {
	w.states.Clear()
	for _, row := range rows {
		if taken++; row.TS >= watermark {
			continue
		}
		series := s.series[row.SeriesID]
		if series.mode {
			w.states.AddState(series.id, int64(row.TS), row.Min, row.Count)
			continue
		}
		if err := w.q.GroupBucket(ctx, db.GroupBucketParams{
			SeriesID: series.id, Ts: int64(row.TS), Count: row.Count, Sum: row.Sum, Min: row.Min,
			Max: row.Max, Sketch: row.Sketch,
		}); err != nil {
			return 0, err
		}
	}
	if states := w.states.Blob(); len(states) > 0 {
		err = w.q.GroupStates(ctx, states)
	}
	return taken, err
}

// takeFew takes what a history has few rows of: what it knows of metrics, imports and earlier
// damaged files. What a target has been sent is not taken: it is sent again, so that nothing has to
// be known of how much came back.
func (w *Writer) takeFew(
	ctx context.Context, s *Salvage, run *SalvageRun, runs []SalvageRun, tiers Tiers, now Micros,
) error {
	if err := w.takeImports(ctx, s, run); err != nil {
		return err
	}
	if err := w.takeRuns(ctx, s, run, runs); err != nil {
		return err
	}
	if err := w.takeFloors(ctx, s, run, tiers, now); err != nil {
		return err
	}
	return w.takeMetadata(ctx, s)
}

// takeFloors has the tiers begin where those of the damaged file did: what that has from before is
// in its coarser ones alone. A history with rows of its own keeps them for as long as it is to.
func (w *Writer) takeFloors(
	ctx context.Context, s *Salvage, run *SalvageRun, tiers Tiers, now Micros,
) error {
	known, err := w.MetricAggregations(ctx)
	if err != nil {
		return err
	}
	hasOwn := !run.successor && len(known) > 0
	for g := range Hour {
		next := tiers[g+1]
		floor := min(s.tiers[g].Floor, next.Watermark).AlignDown(next.Granularity.Bucket())
		if hasOwn {
			floor = min(floor, tiers.FloorTarget(g, now))
		}
		if floor <= tiers[g].Floor {
			continue
		}
		tiers[g].Floor = floor
		if err := setTier(ctx, w.q, tiers[g]); err != nil {
			return err
		}
	}
	return nil
}

// takeRuns takes what the damaged file says of other ones, whose rows it may have taken. Of a file
// that this history is to have added up and that may have come in part with the damaged one, it
// leaves out what it has.
func (w *Writer) takeRuns(
	ctx context.Context, s *Salvage, run *SalvageRun, runs []SalvageRun,
) error {
	theirs, err := listSalvages(ctx, s.reader.q)
	if err != nil {
		return unreadable(ctx, err)
	}
	for i := range runs {
		ours := &runs[i]
		their, known := findSalvage(theirs, ours.hash, ours.Source)
		if ours.id == run.id || ours.Ended != 0 || known && their.successor &&
			!their.place.beyond(ours.place) {
			continue
		}
		if err := w.leavesOutHeld(ctx, ours); err != nil {
			return err
		}
	}
	for _, their := range theirs {
		if _, known := findSalvage(runs, their.hash, their.Source); known ||
			bytes.Equal(their.hash, s.hash) {
			continue
		}
		their.successor = their.successor && run.successor
		if err := createSalvage(ctx, w.q, &their); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) takeMetadata(ctx context.Context, s *Salvage) error {
	theirs, err := s.reader.q.ListMetricMetadata(ctx)
	if err != nil {
		return unreadable(ctx, err)
	}
	ours, err := w.q.ListMetricMetadata(ctx)
	if err != nil {
		return err
	}
	for _, row := range theirs {
		if slices.ContainsFunc(ours,
			func(o db.ListMetricMetadataRow) bool { return o.MetricName == row.MetricName }) {
			continue
		}
		if err := w.q.SetMetricMetadata(ctx, metadataOf(row).params()); err != nil {
			return err
		}
	}
	return nil
}

// takeImports takes how far imports have come, so that none takes the rows of the damaged file
// again. One that started over before that may have done so.
func (w *Writer) takeImports(ctx context.Context, s *Salvage, run *SalvageRun) error {
	theirs, err := s.reader.q.ListImports(ctx)
	if err != nil {
		return unreadable(ctx, err)
	}
	ours, err := w.q.ListImports(ctx)
	if err != nil {
		return err
	}
	begins := len(run.hash) == 0
	for _, row := range theirs {
		same := func(o db.ListImportsRow) bool {
			return o.Format == row.Format &&
				bytes.Equal(o.Hash, row.Hash)
		}
		again := func(o db.ListImportsRow) bool {
			return same(o) || o.Format == row.Format &&
				o.Source == row.Source
		}
		if begins && slices.ContainsFunc(ours, again) {
			if err := w.leavesOutHeld(ctx, run); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(ours, same) || mayBeMerged(row, ours) {
			continue
		}
		if _, err := w.createImport(ctx, row.Source, importMark(row), Micros(row.Updated)); err != nil {
			return err
		}
	}
	return nil
}

// mayBeMerged says that rows which were skipped may have been taken here since.
func mayBeMerged(row db.ListImportsRow, ours []db.ListImportsRow) bool {
	return ImportFormat(row.Format) == ImportSkipped &&
		slices.ContainsFunc(ours, func(o db.ListImportsRow) bool {
			return o.Source == row.Source || bytes.Equal(o.Hash, row.Hash)
		})
}
