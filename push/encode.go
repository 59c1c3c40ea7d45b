package push

import (
	"encoding/binary"
	"math"

	"github.com/klauspost/compress/snappy"
)

// label is a name and a value as a receiver gets them.
type label struct{ name, value string }

// sample is a value at a moment in Unix milliseconds.
type sample struct {
	ts    int64
	value float64
}

// Fields of the messages of remote write 1.0, each with its wire type: WriteRequest has timeseries,
// TimeSeries has labels and samples, Label has name and value, Sample has value and timestamp.
const (
	fieldSeries    = 1<<3 | wireBytes
	fieldLabel     = 1<<3 | wireBytes
	fieldSample    = 2<<3 | wireBytes
	fieldName      = 1<<3 | wireBytes
	fieldText      = 2<<3 | wireBytes
	fieldValue     = 1<<3 | wireFixed
	fieldTimestamp = 2<<3 | wireVarint

	wireVarint = 0
	wireFixed  = 1 // 64 bits
	wireBytes  = 2
)

// encodeLabels returns the labels of a series as they stand in each of its messages.
func encodeLabels(labels []label) []byte {
	var encoded []byte
	for _, l := range labels {
		size := bytesSize(len(l.name)) + bytesSize(len(l.value))
		encoded = binary.AppendUvarint(append(encoded, fieldLabel), uint64(size))
		encoded = appendText(append(encoded, fieldName), l.name)
		encoded = appendText(append(encoded, fieldText), l.value)
	}
	return encoded
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

// appendSeries appends one series with its samples to a WriteRequest.
func appendSeries(to, labels []byte, samples []sample) []byte {
	size := len(labels)
	for _, s := range samples {
		size += bytesSize(sampleSize(s))
	}
	to = binary.AppendUvarint(append(to, fieldSeries), uint64(size))
	to = append(to, labels...)
	for _, s := range samples {
		to = binary.AppendUvarint(append(to, fieldSample), uint64(sampleSize(s)))
		to = binary.LittleEndian.AppendUint64(append(to, fieldValue), math.Float64bits(s.value))
		to = binary.AppendUvarint(append(to, fieldTimestamp), uint64(s.ts))
	}
	return to
}

// sampleSize is the size of the message of a sample.
func sampleSize(s sample) int { return 1 + 8 + 1 + varintSize(uint64(s.ts)) }

// bytesSize is the size of a field of so many bytes, its tag and length included.
func bytesSize(size int) int { return 1 + varintSize(uint64(size)) + size }

func varintSize(x uint64) int {
	size := 1
	for ; x >= 0x80; x >>= 7 {
		size++
	}
	return size
}

// encoder makes the bodies of POSTs. Its buffers are used again.
type encoder struct{ plain, packed []byte }

// encode returns a WriteRequest in the block format of snappy. It is valid until the next call.
func (e *encoder) encode(b batch) []byte {
	e.plain = e.plain[:0]
	for _, s := range b {
		e.plain = appendSeries(e.plain, s.series.encoded, s.samples)
	}
	e.packed = snappy.Encode(e.packed[:cap(e.packed)], e.plain)
	return e.packed
}
