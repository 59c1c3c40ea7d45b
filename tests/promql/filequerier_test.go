package promql

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// Querier returns the product's, with what lies beside the file put in.
func (s *fileStorage) Querier(mint, maxt int64) (storage.Querier, error) {
	querier, err := s.queryable.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	return fileQuerier{querier, s}, nil
}

type fileQuerier struct {
	storage.Querier

	storage *fileStorage
}

func (q fileQuerier) Select(
	ctx context.Context, sortSeries bool, hints *storage.SelectHints, matchers ...*labels.Matcher,
) storage.SeriesSet {
	stored, rest := q.storage.names.matchers(matchers)
	set := q.Querier.Select(ctx, sortSeries, hints, stored...)
	list := &seriesList{}
	for set.Next() {
		series := q.storage.series(set.At(), readFor(matchers))
		if matchesAll(series.labels, rest) {
			list.series = append(list.series, series)
		}
	}
	list.err, list.warnings = set.Err(), set.Warnings()
	if sortSeries {
		slices.SortFunc(list.series, func(a, b storage.Series) int {
			return labels.Compare(a.Labels(), b.Labels())
		})
	}
	return list
}

// tag is the label by which the product's parser tells what a selector is read for.
const tag = "__wanstore__"

// readFor returns what that is: the figure of buckets, the function, and more.
func readFor(matchers []*labels.Matcher) string {
	for _, m := range matchers {
		if m.Name == tag {
			return m.Value
		}
	}
	return ""
}

func matchesAll(ls labels.Labels, matchers []*labels.Matcher) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool {
		return !m.Matches(ls.Get(m.Name))
	})
}

// seriesList is a SeriesSet of what is there already.
type seriesList struct {
	series   []storage.Series
	next     int
	err      error
	warnings annotations.Annotations
}

func (l *seriesList) Next() bool {
	l.next++
	return l.next <= len(l.series)
}

func (l *seriesList) At() storage.Series                { return l.series[l.next-1] }
func (l *seriesList) Err() error                        { return l.err }
func (l *seriesList) Warnings() annotations.Annotations { return l.warnings }

// fileSeries is one of the product's, with what lies beside the file.
type fileSeries struct {
	storage.Series

	labels labels.Labels
	beside map[moment]beside
	counts bool    // it has counts
	unit   float64 // of what it has
}

func (s *fileStorage) series(series storage.Series, purpose string) fileSeries {
	one := fileSeries{
		Series: series, labels: read(series.Labels()), beside: s.beside,
		counts: strings.HasPrefix(purpose, "counts "), unit: 1,
	}
	if s.huge[one.labels.Hash()] && strings.Contains(purpose, " avg_over_time ") {
		one.unit = 1. / 1024
	}
	return one
}

func (s fileSeries) Labels() labels.Labels { return s.labels }

func (s fileSeries) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return fileIterator{s.Series.Iterator(nil), s, s.labels.Hash()}
}

type fileIterator struct {
	chunkenc.Iterator

	of   fileSeries
	hash uint64
}

func (i fileIterator) At() (int64, float64) {
	t, v := i.Iterator.At()
	one := i.of.beside[moment{i.hash, t}]
	if one.refused && (!i.of.counts || value.IsStaleNaN(one.value)) {
		v = one.value
	}
	if value.IsStaleNaN(v) { // multiplied it would be another NaN
		return t, v
	}
	return t, v * i.of.unit
}

func (i fileIterator) AtST() int64 { return i.of.beside[moment{i.hash, i.AtT()}].start }
