package functions

import (
	"hash/crc32"
	"math"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/repo/internal/block"
	"github.com/wanstore/wanstore/repo/internal/seal"
)

// defineSeal defines seal(table, column...), the check value of a row, and sound(chk, table,
// column...), which says that a row has the one that it should have, or none. mergeable(samples,
// chk, table, column...) is sound of a bucket that so many samples are to join. What is not sound
// goes into the log.
func defineSeal(conn *sqlite3.Conn, log *seal.Log) error {
	s := &sealer{log: log}
	const anyNumber, flags = -1, sqlite3.DETERMINISTIC
	if err := conn.CreateFunction("seal", anyNumber, flags,
		func(ctx sqlite3.Context, row ...sqlite3.Value) {
			ctx.ResultInt64(s.sum(row))
		}); err != nil {
		return err
	}
	if err := conn.CreateFunction("sound", anyNumber, flags,
		func(ctx sqlite3.Context, arg ...sqlite3.Value) {
			ctx.ResultBool(s.sound(arg[0], arg[1:]))
		}); err != nil {
		return err
	}
	return conn.CreateFunction("mergeable", anyNumber, flags,
		func(ctx sqlite3.Context, arg ...sqlite3.Value) {
			ok := s.sound(arg[1], arg[2:])
			if !ok {
				log.Unmerged(arg[0].Int64())
			}
			ctx.ResultBool(ok)
		})
}

// sealer is of one connection, which does one thing at a time.
type sealer struct {
	row    seal.Row
	log    *seal.Log
	finite bool // all numbers of the row are
	typed  bool // all columns of the row have their types
	walker block.Walker
}

// sum makes the check value of a row, which begins with its table.
func (s *sealer) sum(row []sqlite3.Value) int64 {
	table := tableName(row[0])
	types, known := types[table]
	s.finite, s.typed = true, true
	if known && len(types) != len(row)-1 { // of an earlier version
		s.typed, known = false, false
	}
	s.row.Begin(table)
	for i, value := range row[1:] {
		kind := value.Type()
		s.typed = s.typed && (!known || isOf(types[i], kind))
		switch kind {
		case sqlite3.INTEGER:
			s.row.Integer(value.Int64())
		case sqlite3.FLOAT:
			number := value.Float()
			s.finite = s.finite && !math.IsInf(number, 0)
			s.row.Real(number)
		case sqlite3.NULL:
			s.row.Null()
		default:
			s.row.Bytes(value.RawBlob())
		}
	}
	return s.row.Sum()
}

// sound says that a row is as it was written, or that somebody has written it by hand. No program
// writes an infinity; rolled up, it would make what is no number.
func (s *sealer) sound(chk sqlite3.Value, row []sqlite3.Value) bool {
	if s.isSound(chk, row) {
		return true
	}
	s.log.Note(key(row))
	return false
}

func (s *sealer) isSound(chk sqlite3.Value, row []sqlite3.Value) bool {
	if chk.Type() == sqlite3.NULL {
		return s.counts(row)
	}
	sum := s.sum(row) // of 0 and of an empty text it is the same
	return s.typed && s.finite && chk.Type() == sqlite3.INTEGER && chk.Int64() == sum
}

// key is the key of a row as the log tells rows apart.
func key(row []sqlite3.Value) seal.Key {
	table, columns := tableName(row[0]), row[1:]
	switch table {
	case "raw_blocks":
		id := columns[0].Int64()
		return seal.Key{Table: table, Granularity: "raw", TS: id % PartKeys, Rest: id / PartKeys}
	case "raw_samples":
		return seal.Key{Table: table, Granularity: "raw", TS: columns[0].Int64(),
			Rest: columns[1].Int64()}
	case "rollups", "state_rollups":
		return seal.Key{
			Table: table, Granularity: granularity(columns[0]), TS: columns[2].Int64(),
			Rest: columns[1].Int64(),
		}
	case "sketches":
		granularity, series, ts := SketchPlace(columns[0].Int64())
		return seal.Key{Table: table, Granularity: granularity, TS: ts, Rest: series}
	case "tiers":
		return seal.Key{Table: table, Granularity: granularity(columns[0])}
	case "metric_metadata":
		return seal.Key{Table: table, Rest: int64(crc32.ChecksumIEEE(columns[0].RawText()))}
	default:
		return seal.Key{Table: table, Rest: columns[0].Int64()}
	}
}

// granularity is "" for what damage has made of one.
func granularity(value sqlite3.Value) string {
	switch text := value.RawText(); string(text) {
	case "raw", "1m", "5m", "1h":
		return string(text)
	default:
		return ""
	}
}

// tableName returns the name without copying it for each row.
func tableName(value sqlite3.Value) string {
	switch text := value.RawText(); string(text) {
	case "raw_blocks":
		return "raw_blocks"
	case "raw_samples":
		return "raw_samples"
	case "rollups":
		return "rollups"
	case "sketches":
		return "sketches"
	case "state_rollups":
		return "state_rollups"
	default:
		return string(text)
	}
}
