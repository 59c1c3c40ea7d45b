package service

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Holding says where a history has anything of a series.
type Holding struct {
	Metric string
	WAN    string
	Labels Labels
	Newest time.Time  // the moment of its newest sample, also outside the range that was asked for
	Spans  []TimeSpan // in the order of time; no two of them touch
}

// TimeSpan is a stretch of time, [From, Until).
type TimeSpan struct{ From, Until time.Time }

// holdingWidth is the least that a sample holds, the bucket of the finest tier of buckets.
const holdingWidth = time.Minute

// Holdings returns where the series that filter picks have anything in [from, until), in the order
// in which the series were first seen; those that have nothing there are left out. A sample holds
// its minute, a bucket all of its width.
//
// Errors: ErrQuery, ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of
// ctx.
func (h *History) Holdings(
	ctx context.Context, filter Filter, from, until time.Time,
) ([]Holding, error) {
	query := Query{Filter: filter, From: from, Until: until, Step: holdingWidth}
	if err := query.check(); err != nil {
		return nil, err
	}
	var list []Holding
	err := h.read(ctx, filter, func(ctx context.Context, v *view) (err error) {
		list, err = v.holdings(ctx, query)
		return err
	})
	return list, err
}

func (v *view) holdings(ctx context.Context, query Query) ([]Holding, error) {
	held := map[int64]*Holding{}
	for _, s := range newAnswering(v.snapshot.Tiers, query, nil).segments {
		width := max(s.granularity.Bucket(), holdingWidth)
		span := repo.Span{From: s.from, Until: s.until}
		for row, err := range v.rows(ctx, s.granularity, span) {
			if err != nil {
				return nil, err
			}
			one, ok := held[row.SeriesID]
			if !ok {
				one = v.series[row.SeriesID].holding()
				held[row.SeriesID] = one
			}
			one.add(row.TS.AlignDown(width), width)
		}
	}
	newest, err := v.newest(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Holding, 0, len(held))
	for _, id := range slices.Sorted(maps.Keys(held)) {
		held[id].Newest = newest[id].TS.Time()
		list = append(list, *held[id])
	}
	return list, nil
}

func (s *SeriesInfo) holding() *Holding {
	return &Holding{Metric: s.Metric, WAN: s.WAN, Labels: s.Labels}
}

// add adds a stretch, which does not begin before the last one.
func (h *Holding) add(from repo.Micros, width time.Duration) {
	until := from.Add(width).Time()
	if n := len(h.Spans); n > 0 && !from.Time().After(h.Spans[n-1].Until) {
		if until.After(h.Spans[n-1].Until) {
			h.Spans[n-1].Until = until
		}
		return
	}
	h.Spans = append(h.Spans, TimeSpan{From: from.Time(), Until: until})
}
