package promql

import (
	"math"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/kahansum"
)

// windows are those of a function, (end-width, end] for each end. They do not overlap.
type windows struct {
	end   int64 // of the first one
	width int64
	step  int64 // between them
}

// averaging shows the engine the negative mean of each window, at its end. An empty one has a stale
// marker, or a selector would have the mean of the window before it.
type averaging struct {
	chunkenc.Iterator // one that has nothing: there are no histograms

	samples place   // the first one behind the current window
	next    windows // from the one after the current window on
	end     int64   // of the current window
	value   float64
}

func (s *sampled) averaging() *averaging {
	return &averaging{Iterator: chunkenc.NewNopIterator(), samples: place{of: s}, next: s.windows,
		end: earliest, value: stale}
}

// stale marks that there is nothing.
var stale = math.Float64frombits(value.StaleNaN)

// Next goes to the next window, until one is empty and nothing follows.
func (a *averaging) Next() chunkenc.ValueType {
	if a.samples.isBehind() && value.IsStaleNaN(a.value) {
		return chunkenc.ValNone
	}
	a.end = a.next.end
	a.next.end += a.next.step
	a.samples.pass(a.end - a.next.width)
	var sum, rest, count float64
	for ; !a.samples.isBehind() && a.samples.moment() <= a.end; a.samples.next() {
		sum, rest = kahansum.Inc(a.samples.figure(sums), sum, rest)
		count += a.samples.figure(counts)
	}
	a.value = stale
	if count > 0 {
		a.value = -(sum + rest) / count
	}
	return chunkenc.ValFloat
}

// unixMilli is a moment in milliseconds. By its own name the method of Prometheus's iterators does
// not look like that of an io.Seeker, which go vet would want it to be.
type unixMilli = int64

// Seek goes to the first window that ends at a moment or later.
func (a *averaging) Seek(t unixMilli) chunkenc.ValueType {
	for a.end < t {
		if a.Next() == chunkenc.ValNone {
			return chunkenc.ValNone
		}
	}
	return chunkenc.ValFloat
}

// At returns the end and the value of the window.
func (a *averaging) At() (end int64, value float64) { return a.end, a.value }

// AtT returns the end of the window.
func (a *averaging) AtT() int64 { return a.end }
