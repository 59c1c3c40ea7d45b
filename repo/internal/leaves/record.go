package leaves

import (
	"encoding/binary"
	"math"
)

// mostColumns is how many columns SQLite gives a table at most.
const mostColumns = 2000

// varint reads a variable-length integer (section 1.6) and returns how long it is, 0 where it is
// cut off.
func varint(p []byte) (value uint64, length int) {
	for i, b := range p {
		if i == 8 {
			return value<<8 | uint64(b), 9
		}
		value = value<<7 | uint64(b&0x7f)
		if b < 0x80 {
			return value, i + 1
		}
	}
	return 0, 0
}

// record is the beginning of a row: what types its columns have (section 2.1).
type record struct {
	serials []uint64
	body    int // where the values begin
}

// parse reads the header of a record of so many bytes, of which p may have only the first. It
// returns false where that is no header, or not one of a record so long.
func (r *record) parse(p []byte, length int) bool {
	header, at := varint(p)
	if at == 0 || header > uint64(len(p)) {
		return false
	}
	r.serials, r.body = r.serials[:0], int(header)
	left := uint64(length) - header
	for at < r.body {
		serial, n := varint(p[at:r.body])
		size := serialBytes(serial)
		if n == 0 || size > left || serial == 10 || serial == 11 || len(r.serials) == mostColumns {
			return false
		}
		at, left = at+n, left-size
		r.serials = append(r.serials, serial)
	}
	return left == 0
}

func serialBytes(serial uint64) uint64 {
	if serial >= 12 {
		return (serial - 12) / 2
	}
	return [...]uint64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0}[serial]
}

func serialKind(serial uint64) Kind {
	switch {
	case serial == 0:
		return Null
	case serial == 7:
		return Real
	case serial < 12:
		return Integer
	case serial%2 == 0:
		return Blob
	default:
		return Text
	}
}

// values decodes the columns. Texts and BLOBs are parts of the payload.
func (r *record) values(payload []byte) []Value {
	values := make([]Value, len(r.serials))
	at := r.body
	for i, serial := range r.serials {
		size := int(serialBytes(serial))
		values[i] = value(serial, payload[at:at+size:at+size])
		at += size
	}
	return values
}

func value(serial uint64, p []byte) Value {
	v := Value{Kind: serialKind(serial)}
	switch v.Kind {
	case Integer:
		v.Int = integer(serial, p)
	case Real:
		v.Real = math.Float64frombits(binary.BigEndian.Uint64(p))
	case Text, Blob:
		v.Bytes = p
	case Null:
	}
	return v
}

// integer reads big-endian bytes whose first bit is the sign. Two serial types are 0 and 1 by
// themselves.
func integer(serial uint64, p []byte) int64 {
	if serial >= 8 {
		return int64(serial - 8)
	}
	n := int64(int8(p[0]))
	for _, b := range p[1:] {
		n = n<<8 | int64(b)
	}
	return n
}
