// Package truth computes from samples, in plain Go, what the tiers of a history file have to hold.
package truth

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/wanstore/wanstore/service"
)

// Series names a series.
type Series struct{ Metric, WAN, Labels string }

// SeriesOf names a series by what the service calls it.
func SeriesOf(metric, wan string, labels service.Labels) Series {
	// sorted by key
	return Series{Metric: metric, WAN: wan, Labels: fmt.Sprint(map[string]string(labels))}
}

// Truth is the samples that a file has taken, and what follows from them.
type Truth struct {
	series map[Series]*history
}

// history is the samples of one series.
type history struct {
	mode    bool
	samples map[int64]float64 // by microsecond
	// What follows from them, until there are more: the samples in the order of time, and their
	// buckets of each width.
	sorted  []sample
	buckets map[time.Duration][]bucket
}

type sample struct {
	ts    int64
	value float64
}

// bucket is what the samples of one series come to in one stretch of time.
type bucket struct {
	ts       int64
	count    int64
	sum      float64
	min, max float64
	states   map[float64]int64 // samples by value, for modes
}

// New returns what is true of an empty file.
func New() *Truth { return &Truth{series: map[Series]*history{}} }

// Add takes a sample, whose aggregation is the same for all of its series. Of the same moment the
// first one stays.
func (t *Truth) Add(series Series, aggregation service.Aggregation, at time.Time, value float64) {
	h, ok := t.series[series]
	if !ok {
		h = &history{mode: aggregation == service.Mode, samples: map[int64]float64{}}
		t.series[series] = h
	}
	ts := at.UnixMicro()
	if _, repeat := h.samples[ts]; repeat {
		return
	}
	h.samples[ts] = value
	h.sorted, h.buckets = nil, nil
}

// Samples is how many samples there are.
func (t *Truth) Samples() int {
	n := 0
	for _, h := range t.series {
		n += len(h.samples)
	}
	return n
}

func (h *history) sort() []sample {
	if h.sorted == nil {
		h.sorted = make([]sample, 0, len(h.samples))
		for ts, value := range h.samples {
			h.sorted = append(h.sorted, sample{ts, value})
		}
		slices.SortFunc(h.sorted, func(a, b sample) int { return cmp.Compare(a.ts, b.ts) })
	}
	return h.sorted
}

// between returns the buckets of the samples in [from, until). With a width of 0 each sample is
// one.
func (h *history) between(width time.Duration, from, until int64) []bucket {
	step := max(width.Microseconds(), 1)
	if from%step != 0 || until%step != 0 {
		return gather(cut(h.sort(), from, until, func(s sample) int64 { return s.ts }), step, h.mode)
	}
	if h.buckets == nil {
		h.buckets = map[time.Duration][]bucket{}
	}
	if _, known := h.buckets[width]; !known {
		h.buckets[width] = gather(h.sort(), step, h.mode)
	}
	return cut(h.buckets[width], from, until, func(b bucket) int64 { return b.ts })
}

// cut returns the part of a sorted list that lies in [from, until).
func cut[T any](list []T, from, until int64, at func(T) int64) []T {
	compare := func(one T, ts int64) int { return cmp.Compare(at(one), ts) }
	first, _ := slices.BinarySearchFunc(list, from, compare)
	last, _ := slices.BinarySearchFunc(list, until, compare)
	return list[first:last]
}

func gather(samples []sample, step int64, mode bool) []bucket {
	var list []bucket
	for _, s := range samples {
		ts := s.ts - s.ts%step
		if len(list) == 0 || list[len(list)-1].ts != ts {
			list = append(list, bucket{ts: ts})
		}
		last := &list[len(list)-1]
		*last = last.with(s.value, mode)
	}
	return list
}

func (b bucket) with(value float64, mode bool) bucket {
	if b.count == 0 {
		b.min, b.max = value, value
	}
	b.count++
	b.sum += value
	b.min, b.max = min(b.min, value), max(b.max, value)
	if !mode {
		return b
	}
	if b.states == nil {
		b.states = map[float64]int64{}
	}
	b.states[value]++
	return b
}

// value is what the bucket is shown as: the mean, or the state with the most samples, the larger
// one of a tie.
func (b bucket) value(mode bool) float64 {
	if !mode {
		return b.sum / float64(b.count)
	}
	var best float64
	var most int64
	for state, count := range b.states {
		if count > most || count == most && state > best {
			best, most = state, count
		}
	}
	return best
}

// total is all buckets in one.
func total(list []bucket) bucket {
	var sum bucket
	for _, b := range list {
		if sum.count == 0 {
			sum.min, sum.max, sum.states = b.min, b.max, map[float64]int64{}
		}
		sum.count += b.count
		sum.sum += b.sum
		sum.min, sum.max = min(sum.min, b.min), max(sum.max, b.max)
		for state, count := range b.states {
			sum.states[state] += count
		}
	}
	return sum
}
