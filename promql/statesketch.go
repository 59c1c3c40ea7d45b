package promql

import (
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
)

// stateBins are the states of a series in their order, and a bin for each, which begins and ends
// with its state: between the two ends the engine finds the state itself.
type stateBins struct {
	states []float64
	bounds []float64 // the beginning and the end of each bin
}

// binsOfShare are those of samples that are 1 in a state and 0 otherwise.
func binsOfShare() stateBins { return newStateBins(0, 1) }

// binsIn returns those for all states in the rows of a series.
func binsIn(runs []*run) stateBins { return newStateBins(valuesOf(runs)...) }

// valuesOf returns all states in the rows of a series, sorted.
func valuesOf(runs []*run) []float64 {
	values := map[float64]bool{}
	for _, run := range runs {
		for state := range run.inState {
			values[state] = true
		}
	}
	return slices.Sorted(maps.Keys(values))
}

func newStateBins(states ...float64) stateBins {
	b := stateBins{states: states}
	for _, state := range states {
		b.bounds = append(b.bounds, state, state)
	}
	return b
}

// sketch is the distribution of so many samples in each state. All those of a series have the same
// bins: to add up others would lose some.
func (b stateBins) sketch(counts ...float64) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{
		CounterResetHint: histogram.GaugeType, // sums of which nobody should warn
		Schema:           histogram.CustomBucketsSchema, CustomValues: b.bounds,
	}
	for i, count := range counts {
		if count == 0 {
			continue
		}
		h.Count += count
		h.Sum += count * b.states[i]
		appendBin(&h.PositiveSpans, &h.PositiveBuckets, int32(2*i+1), count) // the end of the bin
	}
	return h
}
