package promql

import (
	"github.com/prometheus/prometheus/model/histogram"

	"github.com/wanstore/wanstore/internal/sketch"
	"github.com/wanstore/wanstore/service"
)

// sketchOf returns the distribution of a bucket of a tier as a native histogram, nil if the bucket
// keeps none.
func sketchOf(bucket service.Bucket, tier service.Granularity) *histogram.FloatHistogram {
	if bucket.Distribution == nil && bucket.States == nil && tier != service.Raw {
		return nil
	}
	h := &histogram.FloatHistogram{
		CounterResetHint: histogram.GaugeType, // sums of which nobody should warn
		Count:            float64(bucket.Count), Sum: bucket.Sum,
	}
	if d := bucket.Distribution; d != nil {
		bins := d.Bins()
		h.Schema, h.ZeroCount = int32(bins.Schema), float64(bins.Zero)
		for _, bin := range bins.Positive {
			appendBin(&h.PositiveSpans, &h.PositiveBuckets, bin.Index, bin.Count)
		}
		for _, bin := range bins.Negative {
			appendBin(&h.NegativeSpans, &h.NegativeBuckets, bin.Index, bin.Count)
		}
		return h
	}
	s := sketch.NewSum()
	for _, state := range bucket.States {
		s.Add(state.Value, uint64(state.Count))
	}
	if bucket.States == nil {
		s.Add(bucket.Sum, 1)
	}
	h.Schema, h.ZeroCount = int32(s.Schema()), float64(s.Zeros())
	for index, count := range s.Positive() {
		appendBin(&h.PositiveSpans, &h.PositiveBuckets, index, count)
	}
	for index, count := range s.Negative() {
		appendBin(&h.NegativeSpans, &h.NegativeBuckets, index, count)
	}
	return h
}

// appendBin appends a bin behind those of lower indices.
func appendBin(spans *[]histogram.Span, buckets *[]float64, index int32, count uint64) {
	*buckets = append(*buckets, float64(count))
	end := int32(0) // the index after the last one
	for _, span := range *spans {
		end += span.Offset + int32(span.Length)
	}
	last := len(*spans) - 1
	if last >= 0 && index == end {
		(*spans)[last].Length++
		return
	}
	*spans = append(*spans, histogram.Span{Offset: index - end, Length: 1})
}

// sketchOfShare is the distribution of samples that are 1 in a state and 0 otherwise.
func sketchOfShare(in, of float64) *histogram.FloatHistogram {
	h := &histogram.FloatHistogram{
		CounterResetHint: histogram.GaugeType, Schema: sketch.Finest,
		Count: of, Sum: in, ZeroCount: of - in,
	}
	if in > 0 {
		h.PositiveSpans = []histogram.Span{{Offset: 0, Length: 1}} // the bin that ends with 1
		h.PositiveBuckets = []float64{in}
	}
	return h
}
