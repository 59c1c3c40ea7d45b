package leaves

import (
	"bytes"
	"cmp"
)

// Kind is the type of a value.
type Kind uint8

// The types that SQLite has.
const (
	Null Kind = iota
	Integer
	Real
	Text
	Blob
)

// Value is what a column has.
type Value struct {
	Kind  Kind
	Int   int64   // of an Integer
	Real  float64 // of a Real
	Bytes []byte  // of a Text or a Blob
}

// compareRows says which row of a table comes first by its columns, as SQLite compares them
// (BINARY, the only collation in a history).
func compareRows(a, b []Value) int {
	for i := range min(len(a), len(b)) {
		if order := compare(a[i], b[i]); order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}

func compare(a, b Value) int {
	return cmp.Or(
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Int, b.Int), cmp.Compare(a.Real, b.Real),
		bytes.Compare(a.Bytes, b.Bytes),
	)
}
