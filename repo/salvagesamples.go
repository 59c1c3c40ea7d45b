package repo

import (
	"context"
	"slices"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/block"
)

// takeSamples stores samples that are counted in the buckets already. They come in blocks, as they
// were.
func (w *Writer) takeSamples(
	ctx context.Context, s *Salvage, rows []Bucket,
) (taken int64, err error) {
	if len(rows) == 0 {
		return 0, nil
	}
	samples := make([]block.Sample, 0, len(rows))
	for _, row := range rows {
		samples = append(samples,
			block.Sample{SeriesID: s.series[row.SeriesID].id, TS: int64(row.TS), Value: row.Sum})
	}
	held, err := w.heldSamples(ctx, samples)
	if err != nil {
		return 0, err
	}
	samples = slices.DeleteFunc(samples,
		func(s block.Sample) bool { return held[sampleKey{s.SeriesID, s.TS}] })
	if err := w.noteSamples(ctx, samples); err != nil {
		return 0, err
	}
	return int64(len(samples)), w.storeSamples(ctx, samples)
}

// heldSamples returns those of the samples, which come in the order of time, that the raw tier has.
func (w *Writer) heldSamples(
	ctx context.Context, samples []block.Sample,
) (map[sampleKey]bool, error) {
	over := span{from: Micros(samples[0].TS), until: Micros(samples[len(samples)-1].TS) + 1}
	_, parts, err := listParts(ctx, w.q)
	if err != nil {
		return nil, err
	}
	first, last := reach(over)
	var inBlocks, inRows packed
	if inBlocks, err = w.q.PackBlocks(ctx, db.PackBlocksParams{
		FromTs: int64(over.from), UntilTs: int64(over.until), Parts: parts, First: first, Last: last,
	}); err != nil {
		return nil, err
	}
	newest, err := w.q.LastSeriesID(ctx)
	if err != nil {
		return nil, err
	}
	if inRows, err = w.q.PackSamples(ctx, db.PackSamplesParams{
		GreatestID: newest, Unbroken: 1, SeriesIds: "[]", FromTs: int64(over.from),
		UntilTs: int64(over.until),
	}); err != nil {
		return nil, err
	}
	held := map[sampleKey]bool{}
	for len(inBlocks) > 0 {
		ts, series := inBlocks.integer(), inBlocks.integer()
		inBlocks.real()
		held[sampleKey{series, ts}] = true
	}
	for len(inRows) > 0 {
		ts, series := inRows.integer(), inRows.integer()
		inRows.real()
		inRows.integer() // the check value: whatever it says, the key is taken
		held[sampleKey{series, ts}] = true
	}
	return held, nil
}

// noteSamples notes the newest sample of each series.
func (w *Writer) noteSamples(ctx context.Context, samples []block.Sample) error {
	newest := map[int64]block.Sample{}
	for _, s := range samples {
		newest[s.SeriesID] = s
		w.known.note(s.SeriesID, Micros(s.TS))
	}
	for id, s := range newest {
		if err := w.q.AdvanceLastSample(ctx,
			db.AdvanceLastSampleParams{Ts: s.TS, Value: s.Value, ID: id}); err != nil {
			return err
		}
	}
	w.known.merged()
	return nil
}

// storeSamples stores samples in blocks, but for those that have no key there.
func (w *Writer) storeSamples(ctx context.Context, samples []block.Sample) error {
	keyed := samples[:0]
	for _, s := range samples {
		if hasKey(Micros(s.TS), s.SeriesID) {
			keyed = append(keyed, s)
			continue
		}
		if _, err := w.insertRow(ctx, s); err != nil {
			return err
		}
	}
	return w.insertBlocks(ctx, keyed)
}
