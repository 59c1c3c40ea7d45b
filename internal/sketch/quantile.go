package sketch

import (
	"math"
	"slices"
)

// Error returns how far [Sketch.Quantile] may be from a value that occurred, as a share of that
// value: 0.011 as long as all fits into the finest bins.
func (s *Sketch) Error() float64 {
	return math.Exp2(math.Ldexp(1, s.coarser-Finest-1)) - 1
}

// Quantile returns a value such that a share q of all values, 0 to 1, is not greater: the middle of
// the bin that holds the value of rank ⌈q·n⌉ of n. The least and the greatest value are exact if
// the caller keeps the result within them. It is NaN if there are no values, or q is not within 0
// and 1.
func (s *Sketch) Quantile(q float64) float64 {
	count := s.Count()
	if count == 0 || !(q >= 0 && q <= 1) {
		return math.NaN()
	}
	rank := Rank(q, count)
	for _, b := range slices.Backward(s.negative) {
		if rank > b.count {
			rank -= b.count
		} else {
			return -middle(b.index, s.coarser)
		}
	}
	if rank <= s.zeros {
		return 0
	}
	rank -= s.zeros
	for _, b := range s.positive {
		if rank <= b.count {
			return middle(b.index, s.coarser)
		}
		rank -= b.count
	}
	return math.NaN() // cannot be: the rank is at most the count
}

// Rank returns which of n values in their order, from 1, is the quantile q: ⌈q·n⌉, and at least the
// first. A product that rounding has put just above a whole number is that number: 0.95 of 20 is
// the 19th.
func Rank(q float64, n uint64) uint64 {
	const rounding = 1e-12
	rank := math.Ceil(q * float64(n) * (1 - rounding))
	return min(max(uint64(rank), 1), n)
}
