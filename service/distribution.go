package service

import (
	"bytes"
	"math"
	"slices"

	"github.com/wanstore/wanstore/internal/sketch"
	"github.com/wanstore/wanstore/repo"
)

// exactSamples is how many raw samples are kept at one time, 8 MiB of them: those of the points
// that are gathered and, where an answer is a list, those of the points in it.
const exactSamples = 1 << 20

// Distribution is how the samples of a stretch of time are distributed. It is made from the rows
// that answer: from raw samples alone, up to a million in one question, or from the sketches of
// buckets, too.
type Distribution struct {
	min, max float64
	values   []float64 // in their order, nil if there is a sketch
	// sketch is in the form that the file has, which takes a tenth of the memory.
	sketch []byte
	count  uint64 // of the samples in sketch
}

// Quantile returns the sample at a share q of all samples, 0 to 1, in the order of their values:
// the one of rank ⌈q·n⌉ of n. Made from raw samples it is exact, otherwise within
// [Distribution.Error]; the least and the greatest sample are always exact. A q outside of 0 to 1
// is taken for the nearer one, and of NaN the result is NaN.
func (d *Distribution) Quantile(q float64) float64 {
	if math.IsNaN(q) {
		return q
	}
	q = min(max(q, 0), 1)
	if d.sketch == nil {
		return d.values[sketch.Rank(q, uint64(len(d.values)))-1]
	}
	switch sketch.Rank(q, d.count) {
	case 1:
		return d.min
	case d.count:
		return d.max
	}
	return min(max(sketch.QuantileOf(d.sketch, d.count, q), d.min), d.max)
}

// Error returns how far a quantile may be from the sample that it stands for, as a share of that
// sample: 0 where it is exact, else 0.0109 as a rule. That is half the width of a bin of
// Prometheus's native histograms at schema 5. A bucket whose values lie in more than 320 such bins
// has wider ones, and so has an answer with it, or of values in more than 2048.
func (d *Distribution) Error() float64 {
	if d.sketch == nil {
		return 0
	}
	return decoded(d.sketch).Error()
}

// decoded returns the sketch of bytes that are one.
func decoded(bytes []byte) *sketch.Sketch {
	s := sketch.NewSum()
	if err := s.Decode(bytes); err != nil {
		panic(err) // they were made by Append, or looked at before
	}
	return s
}

// hold takes the room of its raw samples for as long as the answer that it is part of is made.
func (d *Distribution) hold(shared *distributions) {
	if d != nil {
		shared.room -= len(d.values)
	}
}

// Quantile returns a quantile of the samples of the point, see [Distribution.Quantile]. There is
// none for states, for buckets that keep no sketch, and where the query has not asked for
// quantiles.
func (p Point) Quantile(q float64) (value float64, ok bool) { return quantile(p.Distribution, q) }

// Quantile returns a quantile of the samples of the stretch, see [Distribution.Quantile]. There is
// none for states, for buckets that keep no sketch, and where the query has not asked for
// quantiles.
func (s Summary) Quantile(q float64) (value float64, ok bool) { return quantile(s.Distribution, q) }

func quantile(d *Distribution, q float64) (float64, bool) {
	if d == nil {
		return 0, false
	}
	return d.Quantile(q), true
}

// distributing makes the distribution of a stretch. Every row adds to it, or there is none.
type distributing struct {
	of     *distributions // nil if none is wanted
	values []float64
	none   bool
	sketch *sketch.Sketch

	one      []byte // the sketch of the only row
	oneCount uint64
}

// distributions is what all distributions of an answer share.
type distributions struct {
	room   int           // for raw samples of those that are made at one time
	bucket sketch.Sketch // of the row that is added
}

// newDistributions returns nil if none are wanted.
func newDistributions(wanted bool) *distributions {
	if !wanted {
		return nil
	}
	return &distributions{room: exactSamples}
}

func (d *distributing) add(row repo.Bucket, g Granularity) {
	switch {
	case d.of == nil || d.none:
	case g == Raw && d.one == nil && d.sketch == nil && d.of.room > 0:
		d.of.room--
		d.values = append(d.values, row.Sum)
	case g == Raw:
		d.toSketch()
		d.sketch.Add(row.Sum, 1)
	default:
		d.addSketch(row)
	}
}

func (d *distributing) addSketch(row repo.Bucket) {
	count, ok := sketch.CountOf(row.Sketch)
	if !ok || count != uint64(row.Count) {
		d.none = true
		return
	}
	if d.one == nil && d.sketch == nil && len(d.values) == 0 {
		d.one, d.oneCount = row.Sketch, count
		return
	}
	d.toSketch()
	if d.of.bucket.Decode(row.Sketch) == nil { // it was looked at
		d.sketch.Merge(&d.of.bucket)
	}
}

// toSketch adds what there is to a sketch.
func (d *distributing) toSketch() {
	switch {
	case d.one != nil:
		d.sketch, d.one = decoded(d.one), nil
	case d.sketch == nil:
		d.sketch = sketch.NewSum()
	}
	for _, value := range d.values {
		d.sketch.Add(value, 1)
	}
	d.of.room += len(d.values)
	d.values = nil
}

// distribution returns what was made, and begins another one.
func (d *distributing) distribution(least, greatest float64) *Distribution {
	made := *d
	*d = distributing{of: d.of}
	if made.of == nil {
		return nil
	}
	made.of.room += len(made.values)
	switch {
	case made.none:
		return nil
	case made.one != nil: // it lies in the memory of many rows
		return &Distribution{min: least, max: greatest, sketch: bytes.Clone(made.one),
			count: made.oneCount}
	case made.sketch != nil:
		return &Distribution{min: least, max: greatest, sketch: made.sketch.Append(nil),
			count: made.sketch.Count()}
	case made.values == nil:
		return nil
	}
	slices.Sort(made.values)
	return &Distribution{min: least, max: greatest, values: made.values}
}
