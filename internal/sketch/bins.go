package sketch

import "iter"

// Zeros returns how many values are 0.
func (s *Sketch) Zeros() uint64 { return s.zeros }

// Positive yields the bins of positive values that are not empty, by rising index, and their
// counts.
func (s *Sketch) Positive() iter.Seq2[int32, uint64] { return all(s.positive) }

// Negative yields the bins of negative values, by rising index of their absolute values.
func (s *Sketch) Negative() iter.Seq2[int32, uint64] { return all(s.negative) }

func all(bins []bin) iter.Seq2[int32, uint64] {
	return func(yield func(int32, uint64) bool) {
		for _, b := range bins {
			if !yield(b.index, b.count) {
				return
			}
		}
	}
}
