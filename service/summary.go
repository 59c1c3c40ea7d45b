package service

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Summary is what a series did in a stretch of time.
type Summary struct {
	Time        time.Time     // where the stretch begins: the range of the query, or a step
	Width       time.Duration // of the stretch
	Metric      string
	WAN         string
	Labels      Labels // shared by all summaries of the series: not to be changed
	Aggregation Aggregation
	Count       int64 // samples in the stretch
	Min, Max    float64
	Avg         float64 // the mean of the samples, of states, too
	// Last is the newest sample of the stretch or, where that is not left and in a query with a
	// step, the value of its bucket. LastTime is the moment of the sample or the begin of the bucket.
	Last     float64
	LastTime time.Time
	// States says how many samples were in each state, in the order of the values, where the
	// aggregation is Mode; nil otherwise.
	States []StateShare
	// Distribution is nil where it was not asked for, of states, and where a bucket keeps no
	// sketch.
	Distribution *Distribution
}

// StateShare says how much of a stretch was spent in one state.
type StateShare struct {
	Value float64 // the state
	Count int64   // samples in it
	Share float64 // of all samples, from 0 to 1; at a steady pace of recording that of the time
}

// Summarize returns a summary of each series that has samples in the range of the query, in the
// order in which the series were first seen; with a step, step after step. All come from one
// snapshot of the file.
//
// Without a step, a range is summed up from the buckets that lie in it as a whole, and from samples
// at its ends: counts, extremes, means and states are those of all samples. Quantiles of 100,000
// samples at most are exact as far as the samples are left; those of more are as exact as sketches
// are ([Distribution.Error]). There are none where one of these buckets keeps no sketch.
//
// Errors: ErrQuery, ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of
// ctx.
func (h *History) Summarize(ctx context.Context, query Query) ([]Summary, error) {
	query, err := query.settled()
	if err != nil {
		return nil, err
	}
	var list []Summary
	err = h.read(ctx, query.Filter, func(ctx context.Context, v *view) (err error) {
		list, err = v.summarize(ctx, query)
		return err
	})
	return list, err
}

// summing is a tally of a whole stretch and the last of its rows.
type summing struct {
	tally
	last tally
	at   repo.Micros
}

// summingUp gathers the summaries of one stretch at a time.
type summingUp struct {
	view        *view
	newest      map[int64]repo.Newest
	whole       repo.Span   // of the query
	from, until repo.Micros // of the stretch
	sums        map[int64]*summing
	list        []Summary
	shared      *distributions // nil if none are wanted
	// unknown are the series whose buckets do not tell how their samples are distributed: a raw
	// sample does not tell that it stands for several.
	unknown map[int64]bool
}

func (v *view) summarize(ctx context.Context, query Query) ([]Summary, error) {
	newest, err := v.newest(ctx)
	if err != nil {
		return nil, err
	}
	finest := newAnswering(v.snapshot.Tiers, query, newDistributions(query.Quantiles))
	coarsest := finest.coarsened(v.snapshot.Tiers)
	whole := repo.Span{From: repo.MicrosOf(query.From), Until: repo.MicrosOf(query.Until)}
	if query.Stepped() || query.Only != nil || slices.Equal(coarsest.segments, finest.segments) {
		s := v.newSummingUp(whole, newest, finest.shared)
		return s.end(s.take(ctx, finest))
	}
	s := v.newSummingUp(whole, newest, coarsest.shared)
	if err := s.take(ctx, coarsest); err != nil {
		return nil, err
	}
	if query.Quantiles && s.count() <= fewSamples {
		exact := v.newSummingUp(whole, newest, newDistributions(true))
		exact.unknown = s.undistributed()
		finest.shared = exact.shared
		return exact.end(exact.take(ctx, finest))
	}
	return s.end(s.findLast(ctx, finest.segments))
}

func (v *view) newSummingUp(
	whole repo.Span, newest map[int64]repo.Newest, shared *distributions,
) *summingUp {
	return &summingUp{
		view: v, newest: newest, whole: whole, sums: map[int64]*summing{}, shared: shared,
	}
}

// take reads what answers a query.
func (s *summingUp) take(ctx context.Context, answering answering) error {
	for _, segment := range answering.segments {
		span := repo.Span{From: segment.from, Until: segment.until, Sketches: s.shared != nil}
		for row, err := range s.view.rows(ctx, segment.granularity, span) {
			if err != nil {
				return err
			}
			begin, end := s.whole.From, s.whole.Until
			if answering.grid != nil {
				begin, end = answering.grid.cell(row.TS)
			}
			s.add(row, segment.granularity, begin, end)
		}
	}
	return nil
}

// count returns how many samples the stretch has.
func (s *summingUp) count() int64 {
	var n int64
	for _, sum := range s.sums {
		n += sum.count
	}
	return n
}

// undistributed returns the series whose distribution is not known.
func (s *summingUp) undistributed() map[int64]bool {
	ids := map[int64]bool{}
	for id, sum := range s.sums {
		if sum.distributing.none {
			ids[id] = true
		}
	}
	return ids
}

// end returns the summaries of all stretches, if there was no error.
func (s *summingUp) end(err error) ([]Summary, error) {
	if err != nil {
		return nil, err
	}
	s.flush()
	return s.list, nil
}

func (s *summingUp) add(row repo.Bucket, g Granularity, begin, end repo.Micros) {
	if begin != s.from {
		s.flush()
	}
	s.from, s.until = begin, end
	sum, ok := s.sums[row.SeriesID]
	if !ok {
		sum = &summing{tally: tally{
			series:       s.view.series[row.SeriesID],
			distributing: distributing{of: s.shared, none: s.unknown[row.SeriesID]},
		}}
		s.sums[row.SeriesID] = sum
	}
	sum.add(row, g)
}

func (s *summingUp) flush() {
	for _, id := range slices.Sorted(maps.Keys(s.sums)) {
		summary := s.sums[id].summary(s.newest[id], min(s.until, s.whole.Until))
		summary.Time, summary.Width = s.from.Time(), s.until.Sub(s.from)
		summary.Distribution.hold(s.shared)
		s.list = append(s.list, summary)
	}
	clear(s.sums)
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
	if row.TS != s.at || s.last.count == 0 {
		s.setLast(row, g)
		return
	}
	s.last.add(row, g) // the states of one bucket come as several rows
}

func (s *summing) setLast(row repo.Bucket, g Granularity) {
	s.last = tally{series: s.series}
	s.at = row.TS
	s.last.add(row, g)
}

func (s *summing) summary(newest repo.Newest, until repo.Micros) Summary {
	summary := Summary{
		Metric: s.series.Metric, WAN: s.series.WAN, Labels: s.series.Labels,
		Aggregation: s.series.Aggregation,
		Count:       s.count, Min: s.min, Max: s.max, Avg: s.mean(),
		Last: s.last.value(), LastTime: s.at.Time(),
		States:       s.shares(),
		Distribution: s.distributing.distribution(s.min, s.max),
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
