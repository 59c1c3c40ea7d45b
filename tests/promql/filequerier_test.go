package promql

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
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
		series := fileSeries{set.At(), read(set.At().Labels()), q.storage}
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

type fileSeries struct {
	storage.Series

	labels  labels.Labels
	storage *fileStorage
}

func (s fileSeries) Labels() labels.Labels { return s.labels }

func (s fileSeries) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return fileIterator{s.Series.Iterator(nil), s.labels.Hash(), s.storage.beside}
}

// fileIterator puts in what lies beside the file.
type fileIterator struct {
	chunkenc.Iterator

	series uint64
	beside map[moment]beside
}

func (i fileIterator) At() (int64, float64) {
	t, v := i.Iterator.At()
	if one := i.beside[moment{i.series, t}]; one.refused {
		v = one.value
	}
	return t, v
}

func (i fileIterator) AtST() int64 { return i.beside[moment{i.series, i.AtT()}].start }
