// Package seal makes the check values of rows, by which a row says that it is as it was written,
// wherever it was copied to. docs/FORMAT.md describes them for other programs.
package seal

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// None stands for a check value that a row does not have, where it travels as a number: no check
// value is as large.
const None = 1 << 32

// null stands before a value for one that is NULL: no text is as long.
const null = math.MaxUint64

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Row is what the check value of a row is made of: the name of its table, then its columns in their
// order, all but the check value itself. The zero value is not ready: Begin one. It can be used
// again by another Begin.
type Row struct {
	bytes []byte
	nulls int // at the end, which are left out
}

// Begin starts with a table.
func (r *Row) Begin(table string) *Row {
	r.bytes, r.nulls = r.bytes[:0], 0
	return r.Text(table)
}

// Integer adds a column that is an INTEGER: eight bytes, the lowest first.
func (r *Row) Integer(value int64) *Row {
	r.fill()
	r.bytes = binary.LittleEndian.AppendUint64(r.bytes, uint64(value))
	return r
}

// Real adds a column that is a REAL: eight bytes, the lowest first. SQLite keeps no sign of a zero,
// nor does this.
func (r *Row) Real(value float64) *Row {
	r.fill()
	r.bytes = binary.LittleEndian.AppendUint64(r.bytes, math.Float64bits(value+0))
	return r
}

// Text adds a column that is a TEXT, or a BLOB: its length as an INTEGER, then its bytes.
func (r *Row) Text(value string) *Row {
	r.fill()
	r.bytes = binary.LittleEndian.AppendUint64(r.bytes, uint64(len(value)))
	r.bytes = append(r.bytes, value...)
	return r
}

// Bytes is Text of bytes.
func (r *Row) Bytes(value []byte) *Row {
	r.fill()
	r.bytes = binary.LittleEndian.AppendUint64(r.bytes, uint64(len(value)))
	r.bytes = append(r.bytes, value...)
	return r
}

// Blob adds a column that is a BLOB, or NULL if value is nil.
func (r *Row) Blob(value []byte) *Row {
	if value == nil {
		return r.Null()
	}
	return r.Bytes(value)
}

// Null adds a column that is NULL. Those at the end are left out, so that a column which is added
// to a table later changes no check value.
func (r *Row) Null() *Row {
	r.nulls++
	return r
}

func (r *Row) fill() {
	for ; r.nulls > 0; r.nulls-- {
		r.bytes = binary.LittleEndian.AppendUint64(r.bytes, null)
	}
}

// Sum returns the check value: the CRC-32C (RFC 3720, appendix B.4) as a signed number of 32 bits.
func (r *Row) Sum() int64 {
	return int64(int32(crc32.Checksum(r.bytes, castagnoli)))
}

// Fits says that a row may have a check value, or None.
func (r *Row) Fits(chk int64) bool { return chk == None || chk == r.Sum() }
