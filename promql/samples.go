package promql

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/wanstore/wanstore/service"
)

// sample is one sample as the engine takes it, a float or a histogram.
type sample struct {
	at     int64
	value  float64
	sketch func() *histogram.FloatHistogram // nil of a float
}

// The methods of chunks.Sample.
func (s *sample) T() int64                { return s.at }
func (s *sample) ST() int64               { return 0 }
func (s *sample) F() float64              { return s.value }
func (s *sample) H() *histogram.Histogram { return nil }

// FH returns the histogram. It is made here, for the engine asks for moments more often.
func (s *sample) FH() *histogram.FloatHistogram {
	if s.sketch == nil {
		return nil
	}
	return s.sketch()
}

// Type says which of the two it is.
func (s *sample) Type() chunkenc.ValueType {
	if s.sketch != nil {
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

// Copy returns a sample that shares nothing with this one.
func (s *sample) Copy() chunks.Sample {
	c := *s
	if s.sketch != nil {
		made := s.sketch().Copy()
		c.sketch = func() *histogram.FloatHistogram { return made }
	}
	return &c
}

// sampled is what a series of an answer is made from: one column of the runs of a series, or of the
// shares of one of its states. Samples are made when they are asked for: a bucket that is shared
// out has many.
type sampled struct {
	column  column
	pieces  []piece
	shares  bool
	states  []float64 // of which they are
	bins    stateBins // of which sketches of states are
	rawGap  int64     // added to the stamp of raw samples
	windows windows   // of which averages are the means
}

// piece is a run, and how it becomes samples.
type piece struct {
	*run
	first int   // the index of its first sample
	each  int   // samples of a row
	width int64 // between them
	next  int64 // where rows begin after the run, or raw samples may
}

// add appends a run of which each row becomes so many samples.
func (s *sampled) add(run *run, each int, width int64) {
	s.pieces = append(s.pieces, piece{
		run: run, first: s.len(), each: each, width: width, next: latest,
	})
}

func (s *sampled) len() int {
	if len(s.pieces) == 0 {
		return 0
	}
	last := s.pieces[len(s.pieces)-1]
	return last.first + len(last.rows)*last.each
}

// cursor shows the samples to the engine, one at a time.
type cursor struct {
	sampled *sampled
	current sample

	piece *piece // that of the current sample
	row   int    // of the piece
	made  *histogram.FloatHistogram
	of    *row // the row that made is of
}

// Len returns how many samples there are.
func (c *cursor) Len() int { return c.sampled.len() }

// Get returns a sample, until the next call.
func (c *cursor) Get(i int) chunks.Sample {
	at := 0
	for at+1 < len(c.sampled.pieces) && c.sampled.pieces[at+1].first <= i {
		at++
	}
	p := &c.sampled.pieces[at]
	i -= p.first
	c.piece, c.row = p, i/p.each
	c.current.at, c.current.value = c.sampled.fill(p, c.row, i%p.each)
	return &c.current
}

// sketch returns the distribution of the current sample. The shares of a bucket have one.
func (c *cursor) sketch() *histogram.FloatHistogram {
	if row := &c.piece.rows[c.row]; c.of != row {
		c.made, c.of = c.sampled.sketch(c.piece, c.row), row
	}
	return c.made
}

// fill returns the moment and the value of one of the samples of a row.
func (s *sampled) fill(p *piece, at, part int) (moment int64, value float64) {
	switch {
	case s.column == instants && p.segment.tier != service.Raw:
		return s.fillInstant(p, at, part)
	case s.column.isSketches():
		return s.moment(p, at, part), 0
	}
	return s.moment(p, at, part), s.figure(s.column, p, at)
}

// fillInstant makes a sample of the bucket that holds a moment. There is one every width, which is
// the lookback, and one that ends the bucket: a stale marker, unless what follows begins there.
func (s *sampled) fillInstant(p *piece, at, part int) (moment int64, mean float64) {
	begin := p.rows[at].at
	end := begin + p.segment.width()
	mean = s.figure(s.column, p, at)
	if part < p.each-1 {
		return begin + int64(part)*p.width, mean
	}
	next := p.next
	if at+1 < len(p.rows) {
		next = p.rows[at+1].at
	}
	if next > end {
		return end, stale
	}
	return end - 1, mean
}

// figure returns a column of a row.
func (s *sampled) figure(c column, p *piece, at int) float64 {
	r := &p.rows[at]
	if s.shares {
		r = r.share(p.in(at, s.states...))
	}
	switch c { //nolint:exhaustive // the others are read for what stands for the samples
	case sums:
		return r.sum / float64(p.each)
	case counts:
		return r.count / float64(p.each)
	case minima:
		return r.min
	case maxima:
		return r.max
	}
	return r.value
}

// in returns how many samples of a row are in some states.
func (r *run) in(at int, states ...float64) (samples float64) {
	for _, state := range states {
		if list := r.inState[state]; at < len(list) {
			samples += list[at]
		}
	}
	return samples
}

// share is a row of samples that are 1 in a state and 0 otherwise.
func (r *row) share(in float64) *row {
	share := &row{at: r.at, count: r.count, sum: in, value: in / r.count}
	if in == r.count {
		share.min = 1
	}
	if in > 0 {
		share.max = 1
	}
	return share
}

func (s *sampled) sketch(p *piece, at int) *histogram.FloatHistogram {
	var h *histogram.FloatHistogram
	switch {
	case s.shares:
		in := p.in(at, s.states...)
		h = s.bins.sketch(p.rows[at].count-in, in)
	case s.column == stateSketches:
		counts := make([]float64, len(s.bins.states))
		for i, state := range s.bins.states {
			counts[i] = p.in(at, state)
		}
		h = s.bins.sketch(counts...)
	default:
		h = p.sketches[at]
	}
	if p.each > 1 {
		h = h.Copy().Mul(1 / float64(p.each))
	}
	return h
}
