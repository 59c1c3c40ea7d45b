package repo

import (
	"encoding/binary"
	"math"

	"github.com/wanstore/wanstore/repo/internal/seal"
)

// packed is what is left to be read of what the aggregates pack and pack_blocks have made.
type packed []byte

func (p *packed) integer() int64 { return int64(p.next()) }

func (p *packed) real() float64 { return math.Float64frombits(p.next()) }

// bytes reads what comes after its length. It lies in the blob.
func (p *packed) bytes() []byte {
	length := p.next()
	bytes := (*p)[:length:length]
	*p = (*p)[length:]
	return bytes
}

func (p *packed) next() uint64 {
	value := binary.LittleEndian.Uint64(*p)
	*p = (*p)[8:]
	return value
}

// isSound reads the check value of a row, and says that the row has it, or none.
func (p *packed) isSound(row *seal.Row) bool { return row.Fits(p.integer()) }
