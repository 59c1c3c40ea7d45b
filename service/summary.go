package service

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Summary is what a series did in a range.
type Summary struct {
	Metric      string
	WAN         string
	Labels      Labels
	Aggregation Aggregation
	Count       int64
	Min, Max    float64
	Avg         float64
	// Last is the newest sample of the range, or where that has been rolled up the value of its
	// bucket; LastTime is the moment of the sample or the start of the bucket.
	Last     float64
	LastTime time.Time
	// States is the share of the samples in each state, for Mode; nil otherwise. Of a series that
	// is recorded at a steady pace it is the share of the time.
	States []StateShare
}

// StateShare is how much of a range was spent in one state.
type StateShare struct {
	Value float64
	Count int64
	Share float64 // of 1
}

// Summarize returns a summary for each series that has samples in the range of the query, in the
// order in which the series were first seen. All come from one snapshot of the file.
//
// Errors: ErrQuery, ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of
// ctx.
func (h *History) Summarize(ctx context.Context, query Query) ([]Summary, error) {
	if err := query.check(); err != nil {
		return nil, err
	}
	var list []Summary
	err := h.read(ctx, query.Filter, func(ctx context.Context, v *view) (err error) {
		list, err = v.summarize(ctx, query)
		return err
	})
	return list, err
}

// summing is a tally of a whole range and the last of its rows.
type summing struct {
	tally
	last tally
	at   repo.Micros
}

func (v *view) summarize(ctx context.Context, query Query) ([]Summary, error) {
	sums := map[int64]*summing{}
	for _, s := range segments(v.snapshot.Tiers, query) {
		for row, err := range v.snapshot.Scan(ctx, s.granularity, v.picked,
			repo.Span{From: s.from, Until: s.until}) {
			if err == nil {
				err = v.check(row)
			}
			if err != nil {
				return nil, err
			}
			sum, ok := sums[row.SeriesID]
			if !ok {
				sum = &summing{tally: tally{series: v.series[row.SeriesID]}}
				sums[row.SeriesID] = sum
			}
			sum.add(row, s.granularity)
		}
	}
	newest, err := v.newest(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Summary, 0, len(sums))
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		list = append(list, sums[id].summary(newest[id], repo.MicrosOf(query.Until)))
	}
	return list, nil
}

func (v *view) newest(ctx context.Context) (map[int64]repo.Newest, error) {
	list, err := v.snapshot.Newest(ctx)
	byID := make(map[int64]repo.Newest, len(list))
	for _, one := range list {
		byID[one.SeriesID] = one
	}
	return byID, err
}

func (s *summing) add(row repo.Bucket, g Granularity) {
	s.tally.add(row, g)
	if row.TS != s.at || s.last.count == 0 { // the states of one bucket come as several rows
		s.last = tally{series: s.series}
		s.at = row.TS
	}
	s.last.add(row, g)
}

func (s *summing) summary(newest repo.Newest, until repo.Micros) Summary {
	summary := Summary{
		Metric: s.series.Key.MetricName, WAN: s.series.Key.WANName, Labels: s.series.labels,
		Aggregation: s.series.Aggregation,
		Count:       s.count, Min: s.min, Max: s.max, Avg: s.mean(),
		Last: s.last.value(), LastTime: s.at.Time(),
		States: s.shares(),
	}
	if newest.TS >= s.at && newest.TS < until {
		summary.Last, summary.LastTime = newest.Value, newest.TS.Time()
	}
	return summary
}

func (s *summing) shares() []StateShare {
	var shares []StateShare
	for value, count := range s.states {
		shares = append(shares,
			StateShare{Value: value, Count: count, Share: float64(count) / float64(s.count)})
	}
	slices.SortFunc(shares, func(a, b StateShare) int { return cmp.Compare(a.Value, b.Value) })
	return shares
}
