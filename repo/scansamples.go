package repo

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/wanstore/wanstore/db"
)

// pick is a set of series as the queries of raw samples take it.
type pick struct {
	least, greatest int64
	unbroken        int64  // 1: all ids between those two
	ids             string // a JSON array
}

// pickSeries takes series in the order of their ids.
func pickSeries(series []SeriesInfo) (pick, error) {
	ids := make([]int64, 0, len(series))
	for _, one := range series {
		ids = append(ids, one.ID)
	}
	p := pick{least: ids[0], greatest: ids[len(ids)-1]}
	if p.greatest-p.least == int64(len(ids)-1) {
		p.unbroken = 1
	}
	text, err := json.Marshal(ids)
	p.ids = string(text)
	return p, err
}

// samplePages reads raw samples in the order of their key or against it, each page from where the one before has ended.
func (s *Snapshot) samplePages(ctx context.Context, series []SeriesInfo, span Span) iter.Seq2[[]Bucket, error] {
	return func(yield func([]Bucket, error) bool) {
		picked, err := pickSeries(series)
		if err != nil {
			yield(nil, err)
			return
		}
		read := s.samplesForwards(ctx, picked, span)
		if span.NewestFirst {
			read = s.samplesBackwards(ctx, picked, span)
		}
		for {
			page, err := s.turns.page(ctx, read)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 || !yield(page, nil) || len(page) < pageRows {
				return
			}
		}
	}
}

// samplesForwards returns a function that reads the next page with each call.
func (s *Snapshot) samplesForwards(ctx context.Context, picked pick, span Span) func() ([]Bucket, error) {
	next := db.PackSamplesParams{
		LeastID: picked.least, GreatestID: picked.greatest, Unbroken: picked.unbroken, SeriesIds: picked.ids,
		AfterTs: int64(span.From), UntilTs: int64(span.Until), MaxRows: pageRows,
	}
	return func() ([]Bucket, error) {
		rows, err := s.q.PackSamples(ctx, next)
		page := unpackSamples(rows)
		if len(page) > 0 {
			last := page[len(page)-1]
			next.AfterTs, next.AfterSeriesID = int64(last.TS), last.SeriesID
		}
		return page, err
	}
}

// samplesBackwards is samplesForwards from the end.
func (s *Snapshot) samplesBackwards(ctx context.Context, picked pick, span Span) func() ([]Bucket, error) {
	next := db.PackSamplesBackwardsParams{
		LeastID: picked.least, GreatestID: picked.greatest, Unbroken: picked.unbroken, SeriesIds: picked.ids,
		FromTs: int64(span.From), BeforeTs: int64(span.Until), MaxRows: pageRows,
	}
	return func() ([]Bucket, error) {
		rows, err := s.q.PackSamplesBackwards(ctx, next)
		page := unpackSamples(rows)
		if len(page) > 0 {
			last := page[len(page)-1]
			next.BeforeTs, next.BeforeSeriesID = int64(last.TS), last.SeriesID
		}
		return page, err
	}
}

func unpackSamples(rows packed) []Bucket {
	page := make([]Bucket, 0, len(rows)/(3*8))
	for len(rows) > 0 {
		row := Bucket{TS: Micros(rows.integer()), SeriesID: rows.integer(), Count: 1, Sum: rows.real()}
		row.Min, row.Max = row.Sum, row.Sum
		page = append(page, row)
	}
	return page
}

// CountSamples returns how many raw samples the given series have in a span.
//
// Errors: as for Scan.
func (s *Snapshot) CountSamples(ctx context.Context, series []SeriesInfo, span Span) (int64, error) {
	if len(series) == 0 {
		return 0, nil
	}
	picked, err := pickSeries(series)
	if err != nil {
		return 0, err
	}
	n, err := s.q.CountSamplesOf(ctx, db.CountSamplesOfParams{
		LeastID: picked.least, GreatestID: picked.greatest, Unbroken: picked.unbroken, SeriesIds: picked.ids,
		FromTs: int64(max(span.From, s.Tiers[Raw].Floor)), UntilTs: int64(span.Until),
	})
	return n, failure(ctx, "read", s.path, err)
}
