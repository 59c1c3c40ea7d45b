package sketch

import (
	"encoding/binary"
	"errors"
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
