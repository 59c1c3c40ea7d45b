package promql

import (
	"github.com/prometheus/prometheus/model/histogram"

	"github.com/wanstore/wanstore/internal/sketch"
	"github.com/wanstore/wanstore/service"
)

// sketchOf returns the distribution of a bucket of measurements as a native histogram, nil if the
// bucket keeps none.
func sketchOf(bucket service.Bucket, tier service.Granularity) *histogram.FloatHistogram {
	if bucket.Distribution == nil && tier != service.Raw {
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
			appendBin(&h.PositiveSpans, &h.PositiveBuckets, bin.Index, float64(bin.Count))
		}
		for _, bin := range bins.Negative {
			appendBin(&h.NegativeSpans, &h.NegativeBuckets, bin.Index, float64(bin.Count))
		}
		return h
	}
	s := sketch.NewSum() // of a raw sample
	s.Add(bucket.Sum, 1)
	h.Schema, h.ZeroCount = int32(s.Schema()), float64(s.Zeros())
	for index, count := range s.Positive() {
		appendBin(&h.PositiveSpans, &h.PositiveBuckets, index, float64(count))
	}
	for index, count := range s.Negative() {
		appendBin(&h.NegativeSpans, &h.NegativeBuckets, index, float64(count))
	}
	return h
}

// appendBin appends a bin behind those of lower indices.
func appendBin(spans *[]histogram.Span, buckets *[]float64, index int32, count float64) {
	*buckets = append(*buckets, count)
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
