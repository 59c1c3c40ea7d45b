package repo

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// pick is a set of series as the queries of raw samples take it.
type pick struct {
	least, greatest int64
	unbroken        int64  // 1: all ids between those two
	ids             string // a JSON array
	parts           []int64
}

// pickSeries takes series in the order of their ids.
func pickSeries(series []SeriesInfo) pick {
	ids, parts := make([]int64, 0, len(series)), []int64{}
	for _, one := range series {
		ids = append(ids, one.ID)
		if part := one.ID / partSeries; hasKey(0, one.ID) &&
			(len(parts) == 0 || parts[len(parts)-1] != part) {
			parts = append(parts, part)
		}
	}
	p := pick{least: ids[0], greatest: ids[len(ids)-1], ids: jsonArray(ids), parts: parts}
	if p.greatest-p.least == int64(len(ids)-1) {
		p.unbroken = 1
	}
	return p
}

const (
	// A block has samples of up to 256 series, so a page of one series takes more of them than a
	// page of all. How many samples are passed over for each that is wanted shows with the first
	// page, and is believed by and by.
	mostGrowth = 8
	mostPassed = 64

	// leastKeys is how many blocks of a part the first page looks at. Later ones look at twice as
	// many as there were in the page before.
	leastKeys = 256
)

// sampleScan reads raw samples page by page.
type sampleScan struct {
	*Snapshot
	picked pick
	span   Span
	far    looking // how far the next page looks, samples of all series
}

// samplePages reads raw samples in the order of time or against it, window by window.
func (s *Snapshot) samplePages(
	ctx context.Context, series []SeriesInfo, over Span,
) iter.Seq2[[]Bucket, error] {
	scan := &sampleScan{Snapshot: s, picked: pickSeries(series), span: over,
		far: looking{pageRows, leastKeys}}
	return func(yield func([]Bucket, error) bool) {
		for scan.span.From < scan.span.Until {
			page, err := s.turns.page(ctx, func() ([]Bucket, error) { return scan.next(ctx) })
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) > 0 && !yield(page, nil) {
				return
			}
		}
	}
}

// next reads a page, and leaves the rest of the span.
func (s *sampleScan) next(ctx context.Context) ([]Bucket, error) {
	left := span{from: s.span.From, until: s.span.Until}
	cut := cutRaw
	if s.span.NewestFirst {
		cut = cutRawBackwards
	}
	window, blocks, err := cut(ctx, s.q, s.picked.parts, left, s.far)
	if err != nil {
		return nil, err
	}
	page, err := s.read(ctx, window)
	if err != nil {
		return nil, err
	}
	s.sort(page)
	if s.span.NewestFirst {
		s.span.Until = window.from
	} else {
		s.span.From = window.until
	}
	s.learn(int64(len(page)), blocks)
	return page, nil
}

// learn sets how far the next page looks by what came of this one.
func (s *sampleScan) learn(rows int64, blocks int) {
	wanted := s.far.samples * pageRows / max(rows, 1)
	s.far.samples = min(max(wanted, pageRows), s.far.samples*mostGrowth, pageRows*mostPassed)
	s.far.blocks = min(max(2*blocks, leastKeys), mostKeys)
}

// read reads what blocks and rows have in a window, in no order.
func (s *sampleScan) read(ctx context.Context, window span) ([]Bucket, error) {
	first, last := reach(window)
	inBlocks, err := s.q.PackBlocks(ctx, db.PackBlocksParams{
		SeriesIds: s.picked.ids, FromTs: int64(window.from), UntilTs: int64(window.until),
		Parts: jsonArray(s.picked.parts), First: first, Last: last,
	})
	if err != nil {
		return nil, err
	}
	inRows, err := s.q.PackSamples(ctx, db.PackSamplesParams{
		LeastID: s.picked.least, GreatestID: s.picked.greatest, Unbroken: s.picked.unbroken,
		SeriesIds: s.picked.ids,
		FromTs:    int64(window.from), UntilTs: int64(window.until),
	})
	if err != nil {
		return nil, err
	}
	page := make([]Bucket, 0, len(inBlocks)/functions.PackedSample+len(inRows)/(4*8))
	for rows := packed(inBlocks); len(rows) > 0; {
		page = append(page, sampleBucket(Micros(rows.integer()), rows.integer(), rows.real()))
	}
	return s.appendRows(page, inRows)
}

// appendRows adds the rows of raw_samples that are sound.
func (s *sampleScan) appendRows(page []Bucket, rows packed) ([]Bucket, error) {
	var row seal.Row
	before := Bucket{TS: math.MinInt64}
	for len(rows) > 0 {
		sample := sampleBucket(Micros(rows.integer()), rows.integer(), rows.real())
		row.Begin("raw_samples").Integer(int64(sample.TS)).Integer(sample.SeriesID).Real(sample.Sum)
		if !rows.isSound(&row) {
			s.unsound.Note(seal.Key{
				Table: "raw_samples", Granularity: Raw.String(), TS: int64(sample.TS), Rest: sample.SeriesID,
			})
			continue
		}
		if inOrder(sample, before) <= 0 {
			return page, errDisorder("raw_samples")
		}
		before = sample
		page = append(page, sample)
	}
	return page, nil
}

// inOrder compares samples as raw_samples has them.
func inOrder(a, b Bucket) int {
	return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.SeriesID, b.SeriesID))
}

func sampleBucket(ts Micros, series int64, value float64) Bucket {
	return Bucket{TS: ts, SeriesID: series, Count: 1, Sum: value, Min: value, Max: value}
}

// sort brings a page into the order of the scan.
func (s *sampleScan) sort(page []Bucket) {
	if !slices.IsSortedFunc(page, inOrder) {
		slices.SortFunc(page, inOrder)
	}
	if s.span.NewestFirst {
		slices.Reverse(page)
	}
}

// CountSamples returns how many raw samples the given series have in a span.
//
// Errors: as for Scan.
func (s *Snapshot) CountSamples(
	ctx context.Context, series []SeriesInfo, over Span,
) (int64, error) {
	count := int64(0)
	for _, err := range s.Scan(ctx, Raw, series, Span{From: over.From, Until: over.Until}) {
		if err != nil {
			return 0, err
		}
		count++
	}
	return count, nil
}
