package promql

import (
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/kahansum"
)

// windows are those of a function, (end-width, end] for each end. They do not overlap.
type windows struct {
	end   int64 // of the first one
	width int64
	step  int64 // between them; 0 if there is only one
}

// around returns the end of the window in which a moment lies, if any, and else of the next one.
func (w windows) around(moment int64) int64 {
	if w.step == 0 {
		return w.end
	}
	return moment + mod(w.end-moment, w.step)
}

// averaging shows the engine the mean of each window, at its end.
type averaging struct {
	chunkenc.Iterator // one that has nothing: there are no histograms

	place   place // of the first sample behind the current window
	windows windows
	end     int64 // of the current window
	mean    float64
}

func (s *sampled) averaging() *averaging {
	return &averaging{
		Iterator: chunkenc.NewNopIterator(), place: place{of: s}, windows: s.windows, end: earliest,
	}
}

// Next goes to the next window in which anything lies.
func (a *averaging) Next() chunkenc.ValueType {
	for moment, ok := a.place.moment(); ok; moment, ok = a.place.moment() {
		a.end = a.windows.around(moment)
		switch {
		case moment > a.end: // and behind the only window
			return chunkenc.ValNone
		case moment > a.end-a.windows.width:
			a.average()
			return chunkenc.ValFloat
		}
		a.place.skipTo(a.end - a.windows.width + 1)
	}
	return chunkenc.ValNone
}

// average takes everything up to the end of the window.
func (a *averaging) average() {
	var sum, rest, count float64
	for moment, ok := a.place.moment(); ok && moment <= a.end; moment, ok = a.place.moment() {
		sum, rest = kahansum.Inc(a.place.figure(sums), sum, rest)
		count += a.place.figure(counts)
		a.place.next()
	}
	a.mean = (sum + rest) / count
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

// At returns the end and the mean of the window.
func (a *averaging) At() (end int64, mean float64) { return a.end, a.mean }

// AtT returns the end of the window.
func (a *averaging) AtT() int64 { return a.end }
