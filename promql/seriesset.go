package promql

import (
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// seriesSet is what a selector picks, read when the first series is asked for.
type seriesSet struct {
	read  func() ([]storage.Series, annotations.Annotations, error) // nil once it was called
	list  []storage.Series
	at    int
	notes annotations.Annotations
	err   error
}

// Next goes to the next series.
func (s *seriesSet) Next() bool {
	if s.read != nil {
		s.list, s.notes, s.err = s.read()
		s.read, s.at = nil, -1
	}
	s.at++
	return s.at < len(s.list)
}

// At returns the series.
func (s *seriesSet) At() storage.Series { return s.list[s.at] }

// Err returns why there are not all.
func (s *seriesSet) Err() error { return s.err }

// Warnings returns what is to be told about them.
func (s *seriesSet) Warnings() annotations.Annotations { return s.notes }

func (s *sampled) iterator(chunkenc.Iterator) chunkenc.Iterator {
	if s.column == averages {
		return s.averaging()
	}
	c := &cursor{sampled: s}
	if s.column.isSketches() {
		c.current.sketch = c.sketch
	}
	return storage.NewListSeriesIteratorWithCopy(c)
}
