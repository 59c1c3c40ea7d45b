package service

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Bucket is what a tier has of one series in one bucket, or one raw sample.
type Bucket struct {
	Time     time.Time // where the bucket begins; of a raw sample its moment
	SeriesID int64
	Count    int64 // samples in it, 1 of a raw sample
	// Sum, Min and Max of the samples. Of states, too: so the sum of a state that is 0 or 1 is how
	// many samples were 1.
	Sum, Min, Max float64
	// States says how many samples were in each state, in the order of the values, where the
	// aggregation is Mode; nil otherwise.
	States []StateCount
	// Distribution is nil where it was not asked for, of states, and where a bucket keeps no
	// sketch.
	Distribution *Distribution
}

// StateCount says how many samples were in one state.
type StateCount struct {
	Value float64 // the state
	Count int64
}

// Value returns the one value that stands for the samples: of Average their mean, of Mode the most
// frequent one, as [Point] has it.
func (b Bucket) Value(aggregation Aggregation) float64 {
	if aggregation == Mode && len(b.States) > 0 {
		return mode(b.states)
	}
	return mean(b.Sum, b.Count, b.Min, b.Max)
}

// states yields the states and their counts.
func (b Bucket) states(yield func(float64, int64) bool) {
	for _, state := range b.States {
		if !yield(state.Value, state.Count) {
			return
		}
	}
}

// mean is kept within what was measured: the rounding of a sum may lead a little outside.
func mean(sum float64, count int64, least, greatest float64) float64 {
	return min(max(sum/float64(count), least), greatest)
}

// mode is the value with the most samples, the larger one of a tie: the worse state.
func mode(states iter.Seq2[float64, int64]) float64 {
	var value float64
	most := int64(-1)
	for state, count := range states {
		if cmp.Or(cmp.Compare(count, most), cmp.Compare(state, value)) > 0 {
			value, most = state, count
		}
	}
	return value
}

// bucketing makes buckets of the rows of a tier. The rows of one bucket, its states, follow each
// other.
type bucketing struct {
	series  map[int64]*SeriesInfo
	tier    Granularity
	shared  *distributions // nil if none are wanted
	bucket  Bucket         // of the last row, its states apart
	at      repo.Micros
	isState bool
	states  []StateCount // of the last bucket, behind those of others that share the memory
	begun   int          // where they begin
}

// add takes a row, and returns the bucket before it, if that has ended.
func (b *bucketing) add(row repo.Bucket) (ended Bucket, ok bool) {
	if row.Count == 0 {
		return Bucket{}, false
	}
	if b.bucket.Count == 0 || b.bucket.SeriesID != row.SeriesID || b.at != row.TS {
		ended, ok = b.end()
		b.begin(row)
	} else {
		b.merge(row)
	}
	if b.isState {
		b.states = append(b.states, StateCount{Value: row.Min, Count: row.Count})
	}
	return ended, ok
}

func (b *bucketing) begin(row repo.Bucket) {
	b.at, b.isState = row.TS, b.series[row.SeriesID].Aggregation == Mode
	b.bucket = Bucket{
		Time: row.TS.Time(), SeriesID: row.SeriesID, Count: row.Count,
		Sum: row.Sum, Min: row.Min, Max: row.Max,
	}
	if !b.isState {
		b.bucket.Distribution = b.distribution(row)
		return
	}
	const few, many = 8, 512 // states of a bucket, and those that share memory
	if cap(b.states)-len(b.states) < few {
		b.states = make([]StateCount, 0, many)
	}
	b.begun = len(b.states)
}

// distribution returns that of the samples of a row, if it is wanted.
func (b *bucketing) distribution(row repo.Bucket) *Distribution {
	if b.shared == nil {
		return nil
	}
	one := distributing{of: b.shared}
	one.add(row, b.tier)
	return one.distribution(row.Min, row.Max)
}

// merge adds the row of another state.
func (b *bucketing) merge(row repo.Bucket) {
	b.bucket.Count += row.Count
	b.bucket.Sum += row.Sum
	b.bucket.Min, b.bucket.Max = min(b.bucket.Min, row.Min), max(b.bucket.Max, row.Max)
}

// end returns the last bucket, if there is one.
func (b *bucketing) end() (ended Bucket, ok bool) {
	if b.bucket.Count == 0 {
		return Bucket{}, false
	}
	ended = b.bucket
	if b.isState {
		ended.States = slices.Clip(b.states[b.begun:])
	}
	b.bucket = Bucket{}
	return ended, true
}
