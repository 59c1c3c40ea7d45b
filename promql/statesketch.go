package promql

import (
	"cmp"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
)

// stateBins are the states of a series in the order of their values, and a bin for each.
type stateBins struct {
	names  []string
	bounds []float64 // the beginning and the end of each bin
}

// stateWidth is how wide the bin of a state is. The state is at its end, and a quantile is rounded
// to a multiple of statePrecision.
const (
	stateWidth     = statePrecision / 4
	statePrecision = 1. / (1 << 20)
)

// binsOfShare are those of samples that are 1 in a state and 0 otherwise.
func binsOfShare() stateBins { return newStateBins(map[string]float64{"other": 0, "state": 1}) }

// binsIn returns those for all states in the rows of a series.
func binsIn(runs []*run) stateBins {
	values := map[string]float64{}
	for _, run := range runs {
		maps.Copy(values, run.states)
	}
	return newStateBins(values)
}

func newStateBins(values map[string]float64) (b stateBins) {
	b.names = slices.SortedFunc(maps.Keys(values), func(a, b string) int {
		return cmp.Compare(values[a], values[b])
	})
	for _, name := range b.names {
		b.bounds = append(b.bounds, values[name]-stateWidth, values[name])
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
		end := 2*i + 1 // of the bin
		h.Count += count
		h.Sum += count * b.bounds[end]
		appendBin(&h.PositiveSpans, &h.PositiveBuckets, int32(end), count)
	}
	return h
}
