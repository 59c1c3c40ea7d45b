package promql

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/wanstore/wanstore/service"
)

// LabelValues returns the values of a label of the series that matchers pick, sorted.
func (q *querier) LabelValues(
	ctx context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	var values []string
	err := q.each(ctx, time.Time{}, [][]*labels.Matcher{matchers}, func(lset labels.Labels) {
		if value := lset.Get(name); value != "" {
			values = append(values, value)
		}
	})
	return sorted(values), nil, err
}

// LabelNames returns the names of the labels of the series that matchers pick, sorted.
func (q *querier) LabelNames(
	ctx context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher,
) ([]string, annotations.Annotations, error) {
	names := map[string]bool{}
	err := q.each(ctx, time.Time{}, [][]*labels.Matcher{matchers}, func(lset labels.Labels) {
		lset.Range(func(l labels.Label) { names[l.Name] = true })
	})
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	return sorted(list), nil, err
}

// each calls f with the labels of each series that any of the sets of matchers picks, which may be
// more than once, and that has a sample since a moment.
func (q *querier) each(
	ctx context.Context, since time.Time, sets [][]*labels.Matcher, f func(labels.Labels),
) error {
	if err := q.open(); err != nil {
		return err
	}
	gone, err := q.gone(ctx, since)
	if err != nil {
		return err
	}
	for _, matchers := range sets {
		list, _, err := q.catalog.pick(ctx, matchers)
		if err != nil {
			return err
		}
		for _, one := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if gone[one.ID] {
				continue
			}
			states, err := q.statesOf(ctx, one, since)
			if err != nil {
				return err
			}
			for _, state := range states {
				if !one.shares || matchState(matchers, state) {
					f(one.labels(state))
				}
			}
		}
	}
	return nil
}

// gone returns the series that have no sample since a moment.
func (q *querier) gone(ctx context.Context, since time.Time) (map[int64]bool, error) {
	gone := map[int64]bool{}
	if since.IsZero() {
		return gone, nil
	}
	for _, info := range q.catalog.series {
		gone[info.ID] = true
	}
	newest, err := q.snapshot.Latest(ctx)
	for _, point := range newest {
		gone[point.SeriesID] = point.Time.Before(since)
	}
	return gone, err
}

// statesOf returns the names of the states of shares: the declared ones, and those of samples since
// a moment. What is not shares has one without a name.
func (q *querier) statesOf(ctx context.Context, one picked, since time.Time) ([]string, error) {
	if !one.shares {
		return []string{""}, nil
	}
	from := earliest
	if !since.IsZero() {
		from = since.UnixMilli()
	}
	room := q.room
	within := layOut(q.tiers, anyBucket, service.Raw).clip(from, latest)
	held, err := q.load(ctx, []picked{one}, within, false)
	q.room = room // which only the names are kept from
	return q.catalog.statesOf(one, held.series[one.ID]), err
}

const anyBucket int64 = 3_600_000 // a granule that buckets of every width divide

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
