package service

import (
	"iter"

	"github.com/wanstore/wanstore/internal/sketch"
)

// Bins is a distribution as counts in exponential bins, those of Prometheus's native histograms: at
// schema s, bin i counts the values in (2^((i-1)/2^s), 2^(i/2^s)].
type Bins struct {
	Schema   int    // 5, the finest, to -4
	Zero     uint64 // values that are 0
	Positive []Bin  // by rising index
	Negative []Bin  // of the absolute values, by rising index
}

// Bin is one bin that is not empty.
type Bin struct {
	Index int32
	Count uint64
}

// Bins returns the distribution in bins. Made from raw samples it has those of schema 5, where 2048
// suffice.
func (d *Distribution) Bins() Bins {
	s := sketch.NewSum()
	if d.sketch != nil {
		s = decoded(d.sketch)
	}
	for _, value := range d.values {
		s.Add(value, 1)
	}
	return Bins{
		Schema: s.Schema(), Zero: s.Zeros(),
		Positive: bins(s.Positive()), Negative: bins(s.Negative()),
	}
}

func bins(counted iter.Seq2[int32, uint64]) []Bin {
	var list []Bin
	for index, count := range counted {
		list = append(list, Bin{Index: index, Count: count})
	}
	return list
}
