package repo

import (
	"cmp"
	"context"
	"slices"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/block"
)

// insertBlocks stores fresh samples, in a block for each part and minute that they are of.
func (w *Writer) insertBlocks(ctx context.Context, fresh []block.Sample) error {
	byTime := func(a, b block.Sample) int { return cmp.Compare(a.TS, b.TS) }
	if !slices.IsSortedFunc(fresh, byTime) {
		slices.SortStableFunc(fresh, byTime)
	}
	for _, samples := range w.split(fresh) {
		for len(samples) > 0 {
			n := blockLength(samples)
			if err := w.insertBlock(ctx, samples[:n]); err != nil {
				return err
			}
			samples = samples[n:]
		}
	}
	return nil
}

// mostMoments is how many different moments a block has: the view looks for each value of a list
// from its beginning, and an import may bring thousands in a minute.
const mostMoments = 256

// blockLength is how many samples, in the order of time, one block takes.
func blockLength(samples []block.Sample) int {
	moments := 1
	for n := 1; n < len(samples); n++ {
		if samples[n].TS != samples[n-1].TS {
			moments++
		}
		if moments > mostMoments || samples[n].TS-samples[0].TS >= blockSpan {
			return n
		}
	}
	return len(samples)
}

// split parts samples by the parts of their series.
func (w *Writer) split(samples []block.Sample) [][]block.Sample {
	for i := range w.parts {
		w.parts[i] = w.parts[i][:0]
	}
	for _, s := range samples {
		part := int(s.SeriesID / partSeries)
		for part >= len(w.parts) {
			w.parts = append(w.parts, nil)
		}
		w.parts[part] = append(w.parts[part], s)
	}
	return w.parts
}

// insertBlock stores samples of one part and minute in a block. Its key is the moment of the first
// one, or the next that is free. Where none is, they become rows.
func (w *Writer) insertBlock(ctx context.Context, samples []block.Sample) error {
	first, last := samples[0].TS, samples[len(samples)-1].TS
	for base := first; base <= first+mostBump; base++ {
		params := db.InsertBlockParams{
			ID: samples[0].SeriesID/partSeries*partKeys + base, LastTs: last, Count: int64(len(samples)),
		}
		w.payload = w.encoder.Encode(w.payload[:0], samples, base)
		w.row.Begin("raw_blocks").Integer(params.ID).Integer(params.LastTs).Integer(params.Count).
			Bytes(w.payload)
		params.Payload, params.Chk = string(w.payload), w.row.Sum()
		added, err := w.q.InsertBlock(ctx, params)
		if err != nil {
			return err
		}
		if added > 0 {
			w.known.storedBlock(blockKey{id: params.ID, moment: Micros(base), lastT: Micros(last),
				count: params.Count})
			return nil
		}
	}
	for _, s := range samples {
		if _, err := w.insertRow(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
