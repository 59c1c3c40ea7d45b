package functions

import (
	"errors"
	"math"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/internal/sketch"
)

// defineSketches defines what makes the sketches of buckets: the aggregates sketch(value), of
// values that are not NULL, and sum_sketches(sketch, count), of buckets that have so many samples;
// merge_sketches(sketch, sketch), and sketch_count(sketch). It also defines
// sketch_id(granularity, series, ts): see [SketchID].
func defineSketches(conn *sqlite3.Conn) error {
	const flags = sqlite3.DETERMINISTIC
	merge := new(merger)
	return errors.Join(
		conn.CreateWindowFunction("sketch", 1, flags,
			func() sqlite3.AggregateFunction { return new(valueSketch) }),
		conn.CreateWindowFunction("sum_sketches", 2, flags,
			func() sqlite3.AggregateFunction { return new(sketchSum) }),
		conn.CreateFunction("merge_sketches", 2, flags, merge.call),
		conn.CreateFunction("sketch_count", 1, flags, merge.count),
		conn.CreateFunction("sketch_id", 3, flags, sketchID),
	)
}

// valueSketch makes the sketch of values.
type valueSketch struct{ sketch sketch.Sketch }

func (v *valueSketch) Step(_ sqlite3.Context, arg ...sqlite3.Value) {
	if arg[0].Type() != sqlite3.NULL {
		v.sketch.Add(arg[0].Float(), 1)
	}
}

func (v *valueSketch) Value(ctx sqlite3.Context) {
	if v.sketch.Count() > 0 {
		ctx.ResultBlob(v.sketch.Append(nil))
	}
}

// sketchSum adds up the sketches of buckets. A sketch must have as many samples as its bucket:
// where one has not, or there is none, the sum is NULL, since it would leave samples out.
type sketchSum struct {
	sum, next sketch.Sketch
	none      bool
}

func (s *sketchSum) Step(_ sqlite3.Context, arg ...sqlite3.Value) {
	s.none = s.none || !decode(&s.next, arg[0]) || s.next.Count() != uint64(arg[1].Int64())
	if !s.none {
		s.sum.Merge(&s.next)
	}
}

func (s *sketchSum) Value(ctx sqlite3.Context) {
	if !s.none {
		ctx.ResultBlob(s.sum.Append(nil))
	}
}

// merger is of one connection, which does one thing at a time.
type merger struct {
	sum, next sketch.Sketch
	bytes     []byte
}

// call merges a sketch into another one. What is no sketch stays none, whatever joins it.
func (m *merger) call(ctx sqlite3.Context, arg ...sqlite3.Value) {
	switch {
	case !decode(&m.sum, arg[0]):
		ctx.ResultValue(arg[0])
	case !decode(&m.next, arg[1]):
		ctx.ResultValue(arg[1])
	default:
		m.sum.Merge(&m.next)
		m.bytes = m.sum.Append(m.bytes[:0])
		ctx.ResultBlob(m.bytes)
	}
}

// count returns how many samples a sketch has, and more than any has of what is none.
func (m *merger) count(ctx sqlite3.Context, arg ...sqlite3.Value) {
	if !decode(&m.sum, arg[0]) {
		ctx.ResultInt64(math.MaxInt64)
		return
	}
	ctx.ResultInt64(int64(m.sum.Count()))
}

// decode says whether there is a sketch.
func decode(s *sketch.Sketch, bytes sqlite3.Value) bool {
	return bytes.Type() == sqlite3.BLOB && s.Decode(bytes.RawBlob()) == nil
}

func sketchID(ctx sqlite3.Context, arg ...sqlite3.Value) {
	if id, ok := SketchID(granularity(arg[0]), arg[1].Int64(), arg[2].Int64()); ok {
		ctx.ResultInt64(id)
	}
}
