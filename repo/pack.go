package repo

import (
	"encoding/binary"
	"math"

	"github.com/ncruces/go-sqlite3"
)

// definePack defines on a connection the aggregate pack, which makes one blob of many rows of numbers, eight bytes each. A page of
// history that comes so takes half the time of one that comes row by row.
func definePack(conn *sqlite3.Conn) error {
	var spare []byte // of the connection, which does one thing at a time
	return conn.CreateWindowFunction("pack", -1, sqlite3.DETERMINISTIC, func() sqlite3.AggregateFunction {
		p := &packer{packed: spare[:0], spare: &spare}
		spare = nil
		return p
	})
}

type packer struct {
	packed  []byte
	spare   *[]byte // where packed goes for the next one to use, once SQLite has copied it
	damaged bool    // something is no finite number, which only a damaged file has
}

func (p *packer) Step(_ sqlite3.Context, row ...sqlite3.Value) {
	for _, value := range row {
		switch value.Type() {
		case sqlite3.INTEGER:
			p.packed = binary.LittleEndian.AppendUint64(p.packed, uint64(value.Int64()))
		case sqlite3.FLOAT:
			number := value.Float()
			p.packed = binary.LittleEndian.AppendUint64(p.packed, math.Float64bits(number))
			p.damaged = p.damaged || math.IsInf(number, 0)
		default:
			p.damaged = true
		}
	}
}

func (p *packer) Value(ctx sqlite3.Context) {
	if p.damaged {
		ctx.ResultError(sqlite3.CORRUPT)
		return
	}
	ctx.ResultBlob(p.packed)
	*p.spare = p.packed
}

// packed is what is left to be read of what pack has made.
type packed []byte

func (p *packed) integer() int64 { return int64(p.next()) }

func (p *packed) real() float64 { return math.Float64frombits(p.next()) }

func (p *packed) next() uint64 {
	value := binary.LittleEndian.Uint64(*p)
	*p = (*p)[8:]
	return value
}
