// Package sketch keeps the distribution of values in a few bytes, so that quantiles can be had of a
// bucket whose samples are gone.
//
// A [Sketch] counts values in the exponential bins of Prometheus's native histograms. At schema s
// bin i holds the values in (2^((i-1)/2^s), 2^(i/2^s)]; negative values have bins of their own, and
// zeros a count. Sketches merge by addition: the sketch of an hour is exactly the sum of the
// sketches of its minutes. All begin with schema 5, whose bins are 2.2 % wide; one that needs more
// than [MaxBins] bins goes to the next coarser schema, in which pairs of bins add up. [NewSum] has
// room for more.
//
// docs/FORMAT.md describes the bytes.
package sketch

import (
	"math"
	"slices"
)

// Finest and Coarsest are the schemas that there are. The bounds of bins are powers of
// 2^(2^-schema): of 2^(1/32) at 5, of 2^16 at -4.
//
// https://prometheus.io/docs/specs/native_histograms/#schema
const (
	Finest   = 5
	Coarsest = -4
)

// How many bins a sketch may have, of positive and negative values together. At the coarsest schema
// all finite values lie in fewer. MaxSumBins suffice at the finest one for values of which the
// greatest is 10^19 times the least.
const (
	MaxBins    = 320
	MaxSumBins = 2048
)

// A Sketch is the distribution of values. The zero value has none. It must not be copied once it
// has some.
type Sketch struct {
	isSum    bool // see NewSum
	coarser  int  // how many schemas coarser than Finest
	zeros    uint64
	positive []bin // by rising index
	negative []bin // of the absolute values
}

type bin struct {
	index int32
	count uint64
}

// NewSum returns a sketch of up to [MaxSumBins] bins, for sums that are not stored: the values of
// many sketches spread further than those of each.
func NewSum() *Sketch { return &Sketch{isSum: true} }

func (s *Sketch) maxBins() int {
	if s.isSum {
		return MaxSumBins
	}
	return MaxBins
}

// Schema returns how wide the bins are: see [Finest].
func (s *Sketch) Schema() int { return Finest - s.coarser }

// Count returns how many values there are.
func (s *Sketch) Count() uint64 {
	count := s.zeros
	for _, b := range s.positive {
		count += b.count
	}
	for _, b := range s.negative {
		count += b.count
	}
	return count
}

// Add adds a value so many times. It must be finite; one that is not changes nothing.
func (s *Sketch) Add(value float64, count uint64) {
	if math.IsNaN(value) || math.IsInf(value, 0) || count == 0 {
		return
	}
	switch {
	case value > 0:
		s.positive = add(s.positive, bin{s.index(value), count})
	case value < 0:
		s.negative = add(s.negative, bin{s.index(-value), count})
	default:
		s.zeros += count
	}
	s.fit()
}

// Merge adds the values of another one, which stays as it is.
func (s *Sketch) Merge(other *Sketch) {
	for s.coarser < other.coarser {
		s.coarsen()
	}
	shift := s.coarser - other.coarser
	s.zeros += other.zeros
	s.positive = merge(s.positive, other.positive, shift)
	s.negative = merge(s.negative, other.negative, shift)
	s.fit()
}

// Reset takes all values out, and keeps the memory.
func (s *Sketch) Reset() {
	*s = Sketch{isSum: s.isSum, positive: s.positive[:0], negative: s.negative[:0]}
}

// fit takes coarser bins until there are few enough.
func (s *Sketch) fit() {
	for len(s.positive)+len(s.negative) > s.maxBins() && s.Schema() > Coarsest {
		s.coarsen()
	}
}

func (s *Sketch) coarsen() {
	s.coarser++
	s.positive = halve(s.positive)
	s.negative = halve(s.negative)
}

// index returns the bin of a positive value.
func (s *Sketch) index(value float64) int32 {
	return coarse(finest(value), s.coarser)
}

// finest returns the bin of a positive value at schema Finest.
func finest(value float64) int32 {
	fraction, exponent := math.Frexp(value) // in [1/2, 1)
	fraction *= 2
	// The bits below the point give the bin but for its bounds being no straight line: at most two
	// further bounds lie below a value.
	low := int(math.Float64bits(fraction) >> (52 - 5) & 31)
	for low < 31 && powers[2*low+2] < fraction {
		low++
	}
	if fraction <= powers[2*low] {
		low--
	}
	return int32((exponent-1)<<Finest + low + 1)
}

// coarse returns the bin that a bin belongs to so many schemas further.
func coarse(index int32, schemas int) int32 {
	return (index-1)>>schemas + 1
}

// middle returns the geometric mean of the bounds of a bin of positive values.
func middle(index int32, coarser int) float64 {
	sixtyFourths := (2*int(index) - 1) << coarser
	return math.Ldexp(powers[sixtyFourths&63], sixtyFourths>>6)
}

// add adds a bin to bins that rise.
func add(bins []bin, b bin) []bin {
	at, found := slices.BinarySearchFunc(bins, b.index, func(b bin, index int32) int {
		return int(b.index) - int(index)
	})
	if found {
		bins[at].count += b.count
		return bins
	}
	return slices.Insert(bins, at, b)
}

// merge adds others to bins, both of which rise. The others become so many schemas coarser.
func merge(bins, others []bin, schemas int) []bin {
	if len(others) == 0 {
		return bins
	}
	merged := make([]bin, 0, len(bins)+len(others))
	for len(bins) > 0 || len(others) > 0 {
		var next bin
		if len(others) == 0 || len(bins) > 0 && bins[0].index <= coarse(others[0].index, schemas) {
			next, bins = bins[0], bins[1:]
		} else {
			next, others = bin{coarse(others[0].index, schemas), others[0].count}, others[1:]
		}
		merged = push(merged, next)
	}
	return merged
}

// halve puts each two bins that the next coarser schema does not tell apart together, in place.
func halve(bins []bin) []bin {
	halved := bins[:0]
	for _, b := range bins {
		halved = push(halved, bin{coarse(b.index, 1), b.count})
	}
	return halved
}

// push appends a bin, or adds it to the last one if that is the same.
func push(bins []bin, b bin) []bin {
	if last := len(bins) - 1; last >= 0 && bins[last].index == b.index {
		bins[last].count += b.count
		return bins
	}
	return append(bins, b)
}
