package service

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Snapshot is one consistent view of a history, for several questions that belong together: what a
// writer does meanwhile does not show in it. It holds one of the few connections of the history,
// and SQLite from restarting its WAL, so close it soon. It is for one goroutine at a time.
type Snapshot struct {
	view *view // of all series
}

// Snapshot opens a view of the file as it is now. It blocks while all connections are in use. The
// view ends with ctx, and when it has been open for ReadLimit, or sooner, as ErrReadTooLong says.
//
// Errors: ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of ctx.
func (h *History) Snapshot(ctx context.Context) (*Snapshot, error) {
	snapshot, err := h.reader.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	v, err := newView(snapshot, Filter{})
	if err != nil {
		return nil, errors.Join(err, snapshot.Close())
	}
	return &Snapshot{view: v}, nil
}

// Close ends the view. A second call does nothing.
//
// Errors: ErrOtherName, where the file was opened for writing under another name meanwhile, so that
// what was read need not fit together.
func (s *Snapshot) Close() error { return s.view.snapshot.Close() }

// Series returns the series that all matchers match, in the order in which they were first seen,
// which is that of their ids.
func (s *Snapshot) Series(matchers ...*Matcher) []SeriesInfo {
	var list []SeriesInfo
	for _, one := range s.view.picked {
		if series := s.view.series[one.ID]; series.matches(matchers) {
			list = append(list, *series)
		}
	}
	return list
}

// Metrics returns what the file says of metrics, as [History.Metrics] does.
//
// Errors: ErrReadTooLong, ErrDamaged, those of the file system, and that of ctx.
func (s *Snapshot) Metrics(ctx context.Context) ([]Metric, error) {
	ctx, done := s.during(ctx)
	defer done()
	declared, err := s.view.snapshot.DeclaredMetrics(ctx)
	if err != nil {
		return nil, err
	}
	return described(declared), nil
}

// TierSpan is the stretch of time, [From, Until), of which a tier has all that there is.
type TierSpan struct{ From, Until time.Time }

// IsEmpty reports that the tier has nothing complete.
func (s TierSpan) IsEmpty() bool { return !s.From.Before(s.Until) }

// Tiers returns what each tier holds completely, by granularity. What is older has been deleted
// from the tier; what is newer has not been rolled up into it yet. Raw goes on to the end of time.
func (s *Snapshot) Tiers() [Hour + 1]TierSpan {
	var spans [Hour + 1]TierSpan
	for g, tier := range s.view.snapshot.Tiers {
		until := maxMicros
		if width := Granularity(g).Bucket(); width > 0 {
			until = max(tier.Watermark.AlignDown(width), tier.Floor)
		}
		spans[g] = TierSpan{From: tier.Floor.Time(), Until: until.Time()}
	}
	return spans
}

// BucketQuery asks for the buckets of a tier that begin in [From, Until), or for the raw samples
// there.
type BucketQuery struct {
	Series      []SeriesInfo // some of Snapshot.Series, in any order
	Granularity Granularity
	From, Until time.Time
	Sketches    bool // asks for the distribution of the samples of each bucket
}

// Buckets yields what a query asks for in the order of time, and of one moment in the order of the
// ids of the series. It reads page by page, so a consumer that stops early costs little. What is
// not as it was written is left out. An error is the last thing that it yields.
//
// Errors: ErrQuery, ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of
// ctx.
func (s *Snapshot) Buckets(ctx context.Context, q BucketQuery) iter.Seq2[Bucket, error] {
	return func(yield func(Bucket, error) bool) {
		more := true
		err := s.buckets(ctx, q, func(b Bucket) bool {
			more = yield(b, nil)
			return more
		})
		if err != nil && more {
			yield(Bucket{}, err)
		}
	}
}

func (s *Snapshot) buckets(ctx context.Context, q BucketQuery, yield func(Bucket) bool) error {
	v, err := s.pick(q)
	if err != nil {
		return err
	}
	ctx, done := s.during(ctx)
	defer done()
	making := bucketing{series: v.series, tier: q.Granularity, shared: newDistributions(q.Sketches)}
	span := repo.Span{
		From: repo.MicrosOf(q.From), Until: repo.MicrosOf(q.Until), Sketches: q.Sketches,
	}
	for row, err := range v.rows(ctx, q.Granularity, span) {
		if err != nil {
			return err
		}
		if ended, ok := making.add(row); ok && !yield(ended) {
			return nil
		}
	}
	if last, ok := making.end(); ok {
		yield(last)
	}
	return nil
}

// pick returns the view of the series of a query.
func (s *Snapshot) pick(q BucketQuery) (*view, error) {
	if !q.Granularity.Valid() {
		return nil, fmt.Errorf("%w: %s: want raw, 1m, 5m or 1h", ErrQuery, q.Granularity)
	}
	wanted := make(map[int64]*SeriesInfo, len(q.Series))
	for _, one := range q.Series {
		series, ok := s.view.series[one.ID]
		if !ok {
			return nil, fmt.Errorf("%w: series %d is not one of this snapshot", ErrQuery, one.ID)
		}
		wanted[one.ID] = series
	}
	return s.view.of(wanted), nil
}

// during returns a context that ends with ctx and with the time of the view.
func (s *Snapshot) during(ctx context.Context) (context.Context, func()) {
	both, cancel := context.WithCancelCause(s.view.snapshot.Context())
	end := func() { cancel(context.Cause(ctx)) }
	stop := context.AfterFunc(ctx, end)
	if ctx.Err() != nil {
		end()
	}
	return both, func() {
		stop()
		cancel(context.Canceled)
	}
}
