package repo

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// bucketPages reads the buckets of all series window by window: their key has the series first, so
// a window is one walk a series, and sorting it brings them in the order of time.
func (s *Snapshot) bucketPages(
	ctx context.Context, g Granularity, series []SeriesInfo, span Span,
) iter.Seq2[[]Bucket, error] {
	width := time.Duration(max(pageRows/max(len(series), 1), 1)) * g.Bucket()
	return func(yield func([]Bucket, error) bool) {
		for span.From < span.Until {
			window, err := s.nextWindow(ctx, g, span, width)
			if err == nil && window == (Span{}) {
				return
			}
			var page []Bucket
			if err == nil {
				page, err = s.turns.page(ctx,
					func() ([]Bucket, error) { return s.readWindow(ctx, g, series, window) })
			}
			if !yield(page, err) || err != nil {
				return
			}
			s.spare.put(page)
			if span.NewestFirst {
				span.Until = window.From
			} else {
				span.From = window.Until
			}
		}
	}
}

// nextWindow returns the next part of a span to be read, at the most width wide: it passes over
// what no series has anything in. It returns an empty span when nothing is left. A damaged key may
// lead out of the span, and would for ever.
func (s *Snapshot) nextWindow(
	ctx context.Context, g Granularity, span Span, width time.Duration,
) (Span, error) {
	if span.From.Add(width) >= span.Until {
		return span, nil // to look for where it begins takes as long
	}
	if span.NewestFirst {
		last, err := s.q.LastBucket(ctx, db.LastBucketParams{
			Granularity: g.String(), FromTs: int64(span.From), UntilTs: int64(span.Until),
		})
		if err != nil || last < 0 {
			return Span{}, err
		}
		if Micros(last) >= span.Until {
			return Span{}, errDisorder("tier " + g.String())
		}
		end := Micros(last).Add(g.Bucket())
		span.From, span.Until = max(end.Add(-width), span.From), min(end, span.Until)
		return span, nil
	}
	first, err := s.q.FirstBucket(ctx,
		db.FirstBucketParams{Granularity: g.String(), FromTs: int64(span.From)})
	if err != nil || first < 0 || Micros(first) >= span.Until {
		return Span{}, err
	}
	if Micros(first) < span.From {
		return Span{}, errDisorder("tier " + g.String())
	}
	span.From, span.Until = Micros(first), min(Micros(first).Add(width), span.Until)
	return span, nil
}

func (s *Snapshot) readWindow(
	ctx context.Context, g Granularity, series []SeriesInfo, window Span,
) ([]Bucket, error) {
	page := s.spare.get()
	for _, one := range series {
		read := s.appendBuckets
		if one.Aggregation == Mode {
			read = s.appendStates
		}
		begin := len(page)
		var err error
		page, err = read(ctx, page, g, one.ID, window)
		if err == nil && window.Sketches && one.Aggregation != Mode {
			err = s.addSketches(ctx, page[begin:], g, one.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("series %d: %w", one.ID, err)
		}
	}
	if len(series) > 1 {
		slices.SortStableFunc(page, func(a, b Bucket) int { return cmp.Compare(a.TS, b.TS) })
	}
	if window.NewestFirst {
		slices.Reverse(page)
	}
	return page, nil
}

// appendBuckets adds the buckets of a series that are sound.
func (s *Snapshot) appendBuckets(
	ctx context.Context, page []Bucket, g Granularity, id int64, window Span,
) ([]Bucket, error) {
	blob, err := s.q.PackRollups(ctx, db.PackRollupsParams{
		Granularity: g.String(), SeriesID: id, FromTs: int64(window.From), UntilTs: int64(window.Until),
	})
	page = slices.Grow(page, len(blob)/(6*8))
	var row seal.Row
	for rows, before := packed(blob), Micros(math.MinInt64); len(rows) > 0; {
		b := Bucket{
			TS: Micros(rows.integer()), SeriesID: id, Count: rows.integer(), Sum: rows.real(),
			Min: rows.real(), Max: rows.real(),
		}
		row.Begin("rollups").Text(g.String()).Integer(id).Integer(int64(b.TS)).
			Integer(b.Count).Real(b.Sum).Real(b.Min).Real(b.Max)
		if !rows.isSound(&row) || !functions.IsCount(b.Count, 1) {
			s.noteBucket("rollups", g, b.TS, id)
			continue
		}
		if b.TS <= before {
			return page, errDisorder("rollups")
		}
		before = b.TS
		page = append(page, b)
	}
	return page, err
}

func (s *Snapshot) noteBucket(table string, g Granularity, ts Micros, id int64) {
	s.unsound.Note(seal.Key{Table: table, Granularity: g.String(), TS: int64(ts), Rest: id})
}
