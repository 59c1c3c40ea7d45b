package service

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/wanstore/wanstore/repo"
)

// SeriesInfo is what the file says of a series.
type SeriesInfo struct {
	ID          int64 // tells series of the file apart
	Metric      string
	WAN         string
	Labels      Labels // shared by all that is said of the series: not to be changed
	Aggregation Aggregation
}

func newSeriesInfo(info repo.SeriesInfo) (*SeriesInfo, error) {
	labels, err := parseLabels(info.Key.Labels)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return &SeriesInfo{
		ID: info.ID, Metric: info.Key.MetricName, WAN: info.Key.WANName, Labels: labels,
		Aggregation: Aggregation(info.Aggregation),
	}, nil
}

// view is a snapshot and the series that a filter picks from it.
type view struct {
	snapshot *repo.Snapshot
	picked   []repo.SeriesInfo // in the order of their ids
	series   map[int64]*SeriesInfo
}

func newView(snapshot *repo.Snapshot, filter Filter) (*view, error) {
	v := &view{snapshot: snapshot, series: map[int64]*SeriesInfo{}}
	for _, info := range snapshot.Series {
		if filter.WAN != "" && info.Key.WANName != filter.WAN {
			continue
		}
		if len(filter.Metrics) > 0 && !slices.Contains(filter.Metrics, info.Key.MetricName) {
			continue
		}
		series, err := newSeriesInfo(info)
		if err != nil {
			return nil, err
		}
		if !series.Labels.match(filter.Labels) {
			continue
		}
		v.picked = append(v.picked, info)
		v.series[info.ID] = series
	}
	return v, nil
}

// of returns the part of the view that is about some of its series.
func (v *view) of(series map[int64]*SeriesInfo) *view {
	part := &view{snapshot: v.snapshot, series: series}
	for _, info := range v.picked {
		if series[info.ID] != nil {
			part.picked = append(part.picked, info)
		}
	}
	return part
}

// rows yields what a tier has of the series in a span, as repo.Snapshot.Scan does. It refuses a row
// that only a damaged file has.
func (v *view) rows(
	ctx context.Context, g Granularity, span repo.Span,
) iter.Seq2[repo.Bucket, error] {
	return func(yield func(repo.Bucket, error) bool) {
		for row, err := range v.snapshot.Scan(ctx, repo.Granularity(g), v.picked, span) {
			if err == nil && v.series[row.SeriesID] == nil {
				err = fmt.Errorf("%w: a row of series %d, which was not asked for", ErrDamaged, row.SeriesID)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (s *SeriesInfo) point(at repo.Micros, g Granularity) Point {
	return Point{
		Time: at.Time(), Granularity: g,
		SeriesID: s.ID, Metric: s.Metric, WAN: s.WAN, Labels: s.Labels, Aggregation: s.Aggregation,
	}
}

func (s *SeriesInfo) sample(newest repo.Newest) Point {
	p := s.point(newest.TS, Raw)
	p.Value, p.Min, p.Max, p.Count = newest.Value, newest.Value, newest.Value, 1
	return p
}
