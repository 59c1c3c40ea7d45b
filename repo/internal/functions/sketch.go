package functions

import (
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/internal/sketch"
)

// defineSketches defines what makes the sketches of buckets: the aggregates sketch(value), of
// values that are not NULL, and sum_sketches(sketch, count), and add_sketches(sketch, count,
// sketch, count). A sketch must be of as many samples as its bucket has. Where one is not, or there
// is none, the sum is NULL: it would leave samples out.
func defineSketches(conn *sqlite3.Conn) error {
	const flags = sqlite3.DETERMINISTIC
	add := new(adder)
	return errors.Join(
		conn.CreateWindowFunction("sketch", 1, flags,
			func() sqlite3.AggregateFunction { return new(valueSketch) }),
		conn.CreateWindowFunction("sum_sketches", 2, flags,
			func() sqlite3.AggregateFunction { return new(sketchSum) }),
		conn.CreateFunction("add_sketches", 4, flags, add.call),
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

// sketchSum adds up the sketches of buckets, until one has none.
type sketchSum struct {
	sum, next sketch.Sketch
	none      bool
}

func (s *sketchSum) Step(_ sqlite3.Context, arg ...sqlite3.Value) {
	if s.none = s.none || !decode(&s.next, arg[0], arg[1]); !s.none {
		s.sum.Merge(&s.next)
	}
}

func (s *sketchSum) Value(ctx sqlite3.Context) {
	if !s.none {
		ctx.ResultBlob(s.sum.Append(nil))
	}
}

// adder is of one connection, which does one thing at a time.
type adder struct {
	sum, next sketch.Sketch
	bytes     []byte
}

func (a *adder) call(ctx sqlite3.Context, arg ...sqlite3.Value) {
	if !decode(&a.sum, arg[0], arg[1]) || !decode(&a.next, arg[2], arg[3]) {
		return
	}
	a.sum.Merge(&a.next)
	a.bytes = a.sum.Append(a.bytes[:0])
	ctx.ResultBlob(a.bytes)
}

// decode says whether there is a sketch of so many samples.
func decode(s *sketch.Sketch, bytes, count sqlite3.Value) bool {
	return bytes.Type() == sqlite3.BLOB && s.Decode(bytes.RawBlob()) == nil &&
		s.Count() == uint64(count.Int64())
}
