package repo

import (
	"cmp"
	"context"
	"slices"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/block"
)

const (
	// lookUpGap is the longest stretch between two late samples, in microseconds, that is looked up
	// with them, and lookUpSpan the longest in all: what blocks have there is in memory.
	lookUpGap  = 2_000_000
	lookUpSpan = 10_000_000
)

// sampleKey tells samples apart.
type sampleKey struct{ series, ts int64 }

// addLate stores the samples that are not newer than all that was known of their series, each as a
// row of raw_samples: one that is there already is a repeat.
func (a *appending) addLate(ctx context.Context) error {
	if len(a.late) == 0 {
		return nil
	}
	taken := make(map[sampleKey]bool, len(a.late))
	for _, i := range a.late {
		s := &a.batch.Samples[i]
		taken[sampleKey{s.Series.id, int64(s.TS)}] = false
	}
	for _, s := range a.fresh {
		if _, late := taken[sampleKey{s.SeriesID, s.TS}]; late {
			taken[sampleKey{s.SeriesID, s.TS}] = true
		}
	}
	if err := a.lookUp(ctx, taken); err != nil {
		return err
	}
	for _, i := range a.late {
		s := &a.batch.Samples[i]
		var err error
		if taken[sampleKey{s.Series.id, int64(s.TS)}] {
			a.outcomes[i] = Duplicate
			continue
		}
		if a.outcomes[i], err = a.addRow(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// addRow stores a sample that no block has.
func (a *appending) addRow(ctx context.Context, s *Sample) (Outcome, error) {
	added, err := a.w.insertRow(ctx,
		block.Sample{SeriesID: s.Series.id, TS: int64(s.TS), Value: s.Value})
	if err != nil {
		return 0, err
	}
	if !added {
		return Duplicate, nil
	}
	return a.count(ctx, s)
}

// insertRow stores a sample in raw_samples, and says whether it was not there.
func (w *Writer) insertRow(ctx context.Context, s block.Sample) (bool, error) {
	w.row.Begin("raw_samples").Integer(s.TS).Integer(s.SeriesID).Real(s.Value)
	added, err := w.q.InsertSample(ctx, db.InsertSampleParams{
		Ts: s.TS, SeriesID: s.SeriesID, Value: s.Value, Chk: w.row.Sum(),
	})
	if added > 0 {
		w.known.storedRow(Micros(s.TS))
	}
	return added > 0, err
}

// lookUp marks as taken the late samples that blocks have.
func (a *appending) lookUp(ctx context.Context, taken map[sampleKey]bool) error {
	keys := make([]sampleKey, 0, len(a.late)) // of parts in place of series
	for _, i := range a.late {
		s := &a.batch.Samples[i]
		if hasKey(s.TS, s.Series.id) {
			keys = append(keys, sampleKey{s.Series.id / partSeries, int64(s.TS)})
		}
	}
	slices.SortFunc(keys, func(a, b sampleKey) int {
		return cmp.Or(cmp.Compare(a.series, b.series), cmp.Compare(a.ts, b.ts))
	})
	for len(keys) > 0 {
		n := 1
		for n < len(keys) && keys[n].series == keys[0].series && keys[n].ts-keys[n-1].ts <= lookUpGap &&
			keys[n].ts-keys[0].ts <= lookUpSpan {
			n++
		}
		around := span{from: Micros(keys[0].ts), until: Micros(keys[n-1].ts) + 1}
		if err := a.lookUpIn(ctx, keys[0].series, around, taken); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

func (a *appending) lookUpIn(
	ctx context.Context, part int64, s span, taken map[sampleKey]bool,
) error {
	first, last := reach(s)
	var rows packed
	rows, err := a.w.q.PackBlocks(ctx, db.PackBlocksParams{
		FromTs: int64(s.from), UntilTs: int64(s.until), Parts: jsonArray([]int64{part}), First: first,
		Last: last,
	})
	for len(rows) > 0 {
		ts, series := rows.integer(), rows.integer()
		rows.real()
		if _, late := taken[sampleKey{series, ts}]; late {
			taken[sampleKey{series, ts}] = true
		}
	}
	return err
}
