package sketch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrMalformed says that bytes are not a sketch.
var ErrMalformed = errors.New("malformed sketch")

// The first byte: the number of schemas that this one is coarser than the finest, and what follows.
const (
	schemaBits   = 0x0f
	hasZeros     = 0x10
	hasNegatives = 0x20
)

// maxCount is how many values a sketch may have when it is read: more than any bucket has, and few
// enough that sums do not overflow.
const maxCount = 1 << 60

// The two lowest bits of a bin's number are the bins that are empty before it, or mean that their
// number follows.
const (
	gapBits = 2
	longGap = 1<<gapBits - 1
)

// Append appends the bytes of the sketch: the same for the same values in the same bins.
func (s *Sketch) Append(bytes []byte) []byte {
	head := byte(s.coarser)
	if s.zeros > 0 {
		head |= hasZeros
	}
	if len(s.negative) > 0 {
		head |= hasNegatives
	}
	bytes = append(bytes, head)
	if s.zeros > 0 {
		bytes = binary.AppendUvarint(bytes, s.zeros)
	}
	if len(s.negative) > 0 {
		bytes = binary.AppendUvarint(bytes, uint64(len(s.negative)))
		bytes = appendBins(bytes, s.negative)
	}
	return appendBins(bytes, s.positive)
}

func appendBins(bytes []byte, bins []bin) []byte {
	if len(bins) == 0 {
		return bytes
	}
	bytes = binary.AppendVarint(bytes, int64(bins[0].index))
	next := bins[0].index
	for _, b := range bins {
		gap := uint64(b.index - next)
		bytes = binary.AppendUvarint(bytes, b.count<<gapBits|min(gap, longGap))
		if gap >= longGap {
			bytes = binary.AppendUvarint(bytes, gap-longGap)
		}
		next = b.index + 1
	}
	return bytes
}

// Decode makes it the sketch of bytes. The error is [ErrMalformed], and it has no values then. Only
// a sum reads the bytes of a sum.
func (s *Sketch) Decode(bytes []byte) error {
	s.Reset()
	d := decoder{rest: bytes}
	d.sketch(s)
	if d.problem == "" {
		return nil
	}
	s.Reset()
	return fmt.Errorf("%w: %s", ErrMalformed, d.problem)
}

// decoder reads from the front of bytes, until something is wrong.
type decoder struct {
	rest          []byte
	next, highest int64 // the least and the greatest bin that may follow
	total         uint64
	problem       string
}

func (d *decoder) sketch(s *Sketch) {
	if len(d.rest) == 0 {
		d.fail("no bytes")
		return
	}
	head := d.rest[0]
	d.rest = d.rest[1:]
	s.coarser = int(head & schemaBits)
	if head&^(schemaBits|hasZeros|hasNegatives) != 0 || s.Schema() < Coarsest {
		d.fail("unknown first byte")
		return
	}
	if head&hasZeros != 0 {
		s.zeros = d.counted(d.number())
	}
	if head&hasNegatives != 0 {
		count := d.number()
		if count == 0 || count > uint64(s.maxBins()) {
			d.fail("no negative bins, or too many")
		}
		for d.begin(s.coarser); count > 0 && d.problem == ""; count-- {
			s.negative = append(s.negative, d.bin())
		}
	}
	if len(d.rest) == 0 {
		return
	}
	d.begin(s.coarser)
	s.positive = slices.Grow(s.positive, min(len(d.rest), s.maxBins()))
	for {
		s.positive = append(s.positive, d.bin())
		if len(s.positive)+len(s.negative) > s.maxBins() {
			d.fail("too many bins")
		}
		if len(d.rest) == 0 || d.problem != "" {
			return
		}
	}
}

// begin reads the index of the first of some bins.
func (d *decoder) begin(coarser int) {
	lowest := int64(coarse(-1074<<Finest, coarser))
	d.highest = int64(coarse(1024<<Finest, coarser))
	d.next = d.signed()
	if d.next < lowest || d.next > d.highest {
		d.fail("a bin that no value is in")
	}
}

// bin reads a bin that is not below the next.
func (d *decoder) bin() bin {
	number := d.number()
	gap := number & longGap
	if gap == longGap {
		gap += min(d.number(), math.MaxInt32)
	}
	at := d.next + int64(gap)
	if at > d.highest {
		d.fail("a bin that no value is in")
		return bin{}
	}
	d.next = at + 1
	return bin{int32(at), d.counted(number >> gapBits)}
}

// counted returns a count of values, which is at least one.
func (d *decoder) counted(count uint64) uint64 {
	if count == 0 || count > maxCount-d.total {
		d.fail("a count of none, or of more than can be")
		return 0
	}
	d.total += count
	return count
}

func (d *decoder) number() uint64 {
	number, size := binary.Uvarint(d.rest)
	d.take(size)
	return number
}

func (d *decoder) signed() int64 {
	number, size := binary.Varint(d.rest)
	d.take(size)
	return number
}

func (d *decoder) take(size int) {
	if size <= 0 {
		d.fail("a number is cut off or too large")
		d.rest = nil
		return
	}
	d.rest = d.rest[size:]
}

func (d *decoder) fail(problem string) {
	if d.problem == "" {
		d.problem = problem
	}
}
