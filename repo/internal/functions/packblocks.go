package functions

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/block"
)

// PackedSample is how many bytes pack_blocks makes of a sample: moment, series and value, eight
// bytes each.
const PackedSample = 3 * 8

// searchedSeries is the number of series up to which each is searched for in a payload. Beyond that
// the payload is read as a whole.
const searchedSeries = 4

// definePackBlocks defines pack_blocks(payload, id, series_ids, from, until), an aggregate that
// makes one blob of the samples that blocks have in [from, until). series_ids is a JSON array, or
// empty for all series.
func definePackBlocks(conn *sqlite3.Conn) error {
	const arguments = 5
	walker := new(block.Walker)
	var spare []byte
	return conn.CreateWindowFunction("pack_blocks", arguments, sqlite3.DETERMINISTIC,
		func() sqlite3.AggregateFunction {
			p := &blockPacker{walker: walker, packed: spare[:0], spare: &spare}
			spare = nil
			return p
		})
}

type blockPacker struct {
	walker *block.Walker
	packed []byte
	spare  *[]byte // where packed goes for the next one to use, once SQLite has copied it
	picked picked
	rising rising
}

func (p *blockPacker) Step(_ sqlite3.Context, arg ...sqlite3.Value) {
	payload, base := arg[0].RawText(), p.rising.moment(arg[1].Int64())
	p.picked.parse(arg[2])
	from, until := arg[3].Int64(), arg[4].Int64()
	if n := len(p.picked.ids); n == 0 || n > searchedSeries {
		p.walker.Open(payload, base)
		p.pack(from, until)
		return
	}
	for id := range p.picked.ids {
		p.walker.OpenOne(payload, base, id)
		p.pack(from, until)
	}
}

// pack packs what the walker comes to. What is malformed is not sound, and never gets here.
func (p *blockPacker) pack(from, until int64) {
	for p.walker.Next() {
		id := p.walker.Series()
		if !p.picked.has(id) {
			continue
		}
		values := p.walker.Values()
		for i, ts := range p.walker.Times() {
			if ts < from || ts >= until {
				continue
			}
			p.packed = binary.LittleEndian.AppendUint64(p.packed, uint64(ts))
			p.packed = binary.LittleEndian.AppendUint64(p.packed, uint64(id))
			p.packed = binary.LittleEndian.AppendUint64(p.packed, math.Float64bits(values[i]))
		}
	}
}

func (p *blockPacker) Value(ctx sqlite3.Context) {
	p.rising.result(ctx, p.packed)
	*p.spare = p.packed
}

// rising watches the keys of blocks, which rise: otherwise pages were exchanged, or are there
// twice.
type rising struct {
	id     int64
	begun  bool
	broken bool
}

// moment takes the key of the next block and returns its moment.
func (r *rising) moment(id int64) int64 {
	r.broken = r.broken || r.begun && id <= r.id
	r.id, r.begun = id, true
	return id % PartKeys
}

// result returns a blob, or that the file is damaged.
func (r *rising) result(ctx sqlite3.Context, blob []byte) {
	if r.broken {
		ctx.ResultError(fmt.Errorf("%w: keys of raw_blocks do not rise", sqlite3.CORRUPT))
		return
	}
	ctx.ResultBlob(blob)
}

// picked is a set of series, empty for all.
type picked struct {
	text string
	ids  map[int64]struct{}
}

func (p *picked) has(id int64) bool {
	_, ok := p.ids[id]
	return ok || len(p.ids) == 0
}

// parse takes a list, which is the same one for all blocks of a query.
func (p *picked) parse(list sqlite3.Value) {
	text := list.RawText()
	if string(text) == p.text {
		return
	}
	p.text, p.ids = string(text), map[int64]struct{}{}
	var ids []int64
	if json.Unmarshal(text, &ids) != nil {
		return
	}
	for _, id := range ids {
		p.ids[id] = struct{}{}
	}
}

// defineCount defines count_samples(payload, base, from, until): how many samples a block has in
// [from, until).
func defineCount(conn *sqlite3.Conn) error {
	const arguments = 4
	walker := new(block.Walker)
	return conn.CreateFunction("count_samples", arguments, sqlite3.DETERMINISTIC,
		func(ctx sqlite3.Context, arg ...sqlite3.Value) {
			count, from, until := int64(0), arg[2].Int64(), arg[3].Int64()
			for walker.Open(arg[0].RawText(), arg[1].Int64()); walker.Next(); {
				for _, ts := range walker.Times() {
					if ts >= from && ts < until {
						count++
					}
				}
			}
			ctx.ResultInt64(count)
		})
}
