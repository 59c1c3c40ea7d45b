package functions

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/seal"
)

// definePack defines pack(number..., chk), an aggregate that makes one blob of many rows of
// numbers, eight bytes each. A page of history that comes so takes half the time of one that comes
// row by row. chk is the check value of a row, or seal.None. A row that has something else than a
// finite number comes with one that is wrong.
//
// pack_sketches(id, sketch, chk) puts the length of a sketch and its bytes before the check value.
func definePack(conn *sqlite3.Conn) error {
	const anyNumber = -1 // of arguments
	var spare []byte     // of the connection, which does one thing at a time
	define := func(name string, sketched bool) error {
		return conn.CreateWindowFunction(name, anyNumber, sqlite3.DETERMINISTIC,
			func() sqlite3.AggregateFunction {
				p := &packer{packed: spare[:0], spare: &spare, sketched: sketched}
				spare = nil
				return p
			})
	}
	return errors.Join(define("pack", false), define("pack_sketches", true))
}

type packer struct {
	packed   []byte
	spare    *[]byte // where packed goes for the next one to use, once SQLite has copied it
	sketched bool
}

// unsound is a check value that no row has.
const unsound = seal.None + 1

func (p *packer) Step(_ sqlite3.Context, row ...sqlite3.Value) {
	chk, row := row[len(row)-1].Int64(), row[:len(row)-1]
	var sketch []byte
	if p.sketched {
		sketch, row = row[len(row)-1].RawBlob(), row[:len(row)-1]
	}
	for _, value := range row {
		bits, ok := numberBits(value)
		if !ok {
			chk = unsound
		}
		p.packed = binary.LittleEndian.AppendUint64(p.packed, bits)
	}
	if p.sketched {
		p.packed = binary.LittleEndian.AppendUint64(p.packed, uint64(len(sketch)))
		p.packed = append(p.packed, sketch...)
	}
	p.packed = binary.LittleEndian.AppendUint64(p.packed, uint64(chk))
}

func numberBits(value sqlite3.Value) (bits uint64, ok bool) {
	switch value.Type() {
	case sqlite3.INTEGER:
		return uint64(value.Int64()), true
	case sqlite3.FLOAT:
		number := value.Float()
		return math.Float64bits(number), math.Abs(number) <= largest
	default:
		return 0, false
	}
}

func (p *packer) Value(ctx sqlite3.Context) {
	ctx.ResultBlob(p.packed)
	*p.spare = p.packed
}
