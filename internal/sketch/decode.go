package sketch

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Decode makes it the sketch of bytes. The error is [ErrMalformed], and it has no values then. Only
// a sum reads the bytes of a sum.
func (s *Sketch) Decode(bytes []byte) error {
	s.Reset()
	d := decoder{bytes: bytes, most: s.maxBins()}
	if d.begin(); d.negatives > 0 {
		s.negative = d.appendBins(s.negative, d.negatives, d.negatives)
	}
	if d.left() > 0 && d.problem == "" {
		s.positive = d.appendBins(s.positive, 1, d.most)
	}
	s.coarser, s.zeros = d.coarser, d.zeros
	if err := d.end(); err != nil {
		s.Reset()
		return err
	}
	return nil
}

// CountOf returns the count of the sketch of bytes, and false where [Sketch.Decode] would fail.
func CountOf(bytes []byte) (count uint64, ok bool) {
	d := decoder{bytes: bytes, most: MaxBins}
	all := func(int64, uint64) bool { return true }
	if d.begin(); d.negatives > 0 {
		d.bins(d.negatives, d.negatives, all)
	}
	if d.left() > 0 && d.problem == "" {
		d.bins(1, d.most, all)
	}
	return d.total, d.end() == nil
}

// QuantileOf returns [Sketch.Quantile] of the bytes of a sketch, or of a sum, whose count is given.
// It decodes no more than it needs.
func QuantileOf(bytes []byte, count uint64, q float64) float64 {
	d := decoder{bytes: bytes, most: MaxSumBins}
	d.begin()
	if d.problem != "" || d.negatives > 0 || count == 0 || !(q >= 0 && q <= 1) {
		s := NewSum()
		if s.Decode(bytes) != nil {
			return math.NaN()
		}
		return s.Quantile(q)
	}
	rank, value := Rank(q, count), 0.0
	if rank <= d.zeros {
		return 0
	}
	rank -= d.zeros
	d.bins(1, d.most, func(index int64, count uint64) bool {
		if rank > count {
			rank -= count
			return true
		}
		value = middle(int32(index), d.coarser)
		return false
	})
	return value
}

// decoder reads bytes from the front, until something is wrong.
type decoder struct {
	bytes   []byte
	at      int // how far it has read
	most    int // bins that there may be
	total   uint64
	problem string

	coarser   int
	zeros     uint64
	negatives int // bins of negative values
}

// begin reads what comes before the bins.
func (d *decoder) begin() {
	if len(d.bytes) == 0 {
		d.fail("no bytes")
		return
	}
	head := d.bytes[0]
	d.at, d.coarser = 1, int(head&schemaBits)
	if head&^(schemaBits|hasZeros|hasNegatives) != 0 || Finest-d.coarser < Coarsest {
		d.fail("unknown first byte")
		return
	}
	if head&hasZeros != 0 {
		d.zeros = d.number()
		d.count(d.zeros)
	}
	if head&hasNegatives == 0 {
		return
	}
	negatives := d.number()
	if negatives == 0 || negatives > uint64(d.most) {
		d.fail("no negative bins, or too many")
		return
	}
	d.negatives = int(negatives)
	d.most -= d.negatives
}

// appendBins reads from least to most bins.
func (d *decoder) appendBins(to []bin, least, most int) []bin {
	to = slices.Grow(to, min(d.left(), most))
	d.bins(least, most, func(index int64, count uint64) bool {
		to = append(to, bin{int32(index), count})
		return true
	})
	return to
}

// bins reads from least to most bins, as there are, and hands them on until each is false.
func (d *decoder) bins(least, most int, each func(index int64, count uint64) bool) {
	lowest := int64(coarse(-1074<<Finest, d.coarser))
	highest := int64(coarse(1024<<Finest, d.coarser))
	next, size := binary.Varint(d.bytes[d.at:])
	d.take(size)
	if next < lowest || next > highest {
		d.fail("a bin that no value is in")
	}
	if most < least {
		d.fail("too many bins")
	}
	for n := 0; (n < least || n < most && d.left() > 0) && d.problem == ""; n++ {
		token := d.number()
		gap := token & longGap
		if gap == longGap {
			gap += min(d.number(), math.MaxInt32)
		}
		if next += int64(gap); next > highest {
			d.fail("a bin that no value is in")
			return
		}
		if !d.count(token>>gapBits) || !each(next, token>>gapBits) {
			return
		}
		next++
	}
}

// count counts values, at least one, and says that there can be so many.
func (d *decoder) count(values uint64) bool {
	if values == 0 || values > maxCount-d.total {
		d.fail("a count of none, or of more than can be")
		return false
	}
	d.total += values
	return true
}

func (d *decoder) left() int { return len(d.bytes) - d.at }

func (d *decoder) number() uint64 {
	if d.at+1 < len(d.bytes) { // most have a byte or two
		first, second := uint64(d.bytes[d.at]), uint64(d.bytes[d.at+1])
		switch {
		case first < 1<<7:
			d.at++
			return first
		case second < 1<<7:
			d.at += 2
			return first&(1<<7-1) | second<<7
		}
	}
	number, size := binary.Uvarint(d.bytes[d.at:])
	d.take(size)
	return number
}

func (d *decoder) take(size int) {
	if size <= 0 {
		d.fail("a number is cut off or too large")
		size = d.left()
	}
	d.at += size
}

func (d *decoder) fail(problem string) {
	if d.problem == "" {
		d.problem = problem
	}
}

// end says what was wrong. Nothing may be left.
func (d *decoder) end() error {
	if d.problem == "" && d.left() > 0 {
		d.fail("too many bins")
	}
	if d.problem == "" {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrMalformed, d.problem)
}
