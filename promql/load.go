package promql

import (
	"context"

	"github.com/prometheus/prometheus/model/histogram"
	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/service"
)

// row is a bucket, or the raw samples of one millisecond.
type row struct {
	at                   int64 // where it begins
	count, sum, min, max float64
	value                float64 // the mean or the mode
}

// run is what a segment has of one series.
type run struct {
	*wanted

	segment  segment
	rows     []row
	inState  map[float64][]float64       // samples of each row in a state, by its value
	sketches []*histogram.FloatHistogram // of each row, nil where a bucket keeps none
}

// loaded is what was read for a selector.
type loaded struct {
	series     map[int64][]*run
	coarse     []service.Granularity // tiers that answer though edges may cut their buckets
	sketchless bool                  // buckets that should have a sketch are without one
}

// loading reads what a selector needs, and stops where that is more than the query may hold.
type loading struct {
	querier  *querier
	wanted   map[int64]*wanted // by the ids of series
	sketches bool
	loaded
}

// wanted is a series that is to be read.
type wanted struct {
	service.SeriesInfo
	byState bool // its samples in each state are wanted, too
}

// What is held, in samples of 16 bytes.
const (
	rowSamples   = 3
	stateSamples = 0.5 // of each state of a row
	sampleBytes  = 16
)

// load reads the rows of series in the segments of a layout.
func (q *querier) load(
	ctx context.Context, list []picked, l layout, sketches bool,
) (loaded, error) {
	load := loading{querier: q, sketches: sketches,
		wanted: make(map[int64]*wanted, len(list)),
		loaded: loaded{series: map[int64][]*run{}}}
	for _, one := range list {
		if load.wanted[one.ID] == nil {
			load.wanted[one.ID] = &wanted{SeriesInfo: one.SeriesInfo,
				byState: sketches && one.Aggregation == service.Mode}
		}
		load.wanted[one.ID].byState = load.wanted[one.ID].byState || one.shares
	}
	if len(load.wanted) == 0 {
		return load.loaded, nil
	}
	for _, s := range l.segments {
		if err := load.segment(ctx, s); err != nil {
			return loaded{}, err
		}
	}
	return load.loaded, nil
}

func (l *loading) segment(ctx context.Context, s segment) error {
	query := service.BucketQuery{
		Granularity: s.tier, From: millis(s.from), Until: millis(s.until),
		Sketches: l.sketches && s.tier != service.Raw,
	}
	for _, one := range l.wanted {
		query.Series = append(query.Series, one.SeriesInfo)
	}
	runs := map[int64]*run{}
	for bucket, err := range l.querier.snapshot.Buckets(ctx, query) {
		if err != nil {
			return err
		}
		one := runs[bucket.SeriesID]
		if one == nil {
			one = &run{wanted: l.wanted[bucket.SeriesID], segment: s,
				rows: make([]row, 0, l.expected(s))}
			runs[bucket.SeriesID] = one
			l.series[bucket.SeriesID] = append(l.series[bucket.SeriesID], one)
		}
		l.add(one, bucket)
		if l.querier.room < 0 {
			return upstream.ErrTooManySamples("reading")
		}
	}
	if len(runs) > 0 && s.cut {
		l.coarse = append(l.coarse, s.tier)
	}
	return nil
}

// expected returns for how many rows of a series there should be room from the beginning: for all
// that a segment can have, where nothing speaks for fewer.
func (l *loading) expected(s segment) int64 {
	const most = 10_000
	if s.tier == service.Raw {
		return 0
	}
	rows := min((s.until-s.from)/s.width(), most)
	if float64(rows*int64(len(l.wanted))*rowSamples) > l.querier.room {
		return 0
	}
	return rows
}

// add appends a bucket to a run. Raw samples of one millisecond become one row.
func (l *loading) add(one *run, bucket service.Bucket) {
	next := row{
		at: bucket.Time.UnixMilli(), count: float64(bucket.Count),
		sum: bucket.Sum, min: bucket.Min, max: bucket.Max, value: bucket.Value(one.Aggregation),
	}
	last := len(one.rows) - 1
	merged := last >= 0 && one.rows[last].at == next.at
	if merged {
		one.rows[last].merge(next, one.Aggregation)
	} else {
		one.rows = append(one.rows, next)
		l.querier.room -= rowSamples
		last++
	}
	if one.byState {
		l.addStates(one, last, bucket)
	}
	if l.sketches && one.Aggregation != service.Mode {
		l.addSketch(one, merged, bucket)
	}
}

// merge adds a sample of the same millisecond. Of states the greater one stands for both: the worse
// state.
func (r *row) merge(other row, aggregation service.Aggregation) {
	r.count += other.count
	r.sum += other.sum
	r.min, r.max = min(r.min, other.min), max(r.max, other.max)
	r.value = max(r.value, other.value)
	if aggregation != service.Mode {
		r.value = min(max(r.sum/r.count, r.min), r.max)
	}
}

// addStates counts the samples of a row in each state.
func (l *loading) addStates(one *run, at int, bucket service.Bucket) {
	if one.inState == nil {
		one.inState = map[float64][]float64{}
	}
	for _, state := range bucket.States {
		list := one.inState[state.Value]
		l.querier.room -= stateSamples * float64(at+1-len(list))
		for len(list) <= at {
			list = append(list, 0)
		}
		list[at] += float64(state.Count)
		one.inState[state.Value] = list
	}
}

func (l *loading) addSketch(one *run, merged bool, bucket service.Bucket) {
	sketch := sketchOf(bucket, one.segment.tier)
	if merged {
		last := len(one.sketches) - 1
		if sum, _, _, err := one.sketches[last].Add(sketch); err == nil {
			one.sketches[last] = sum
		}
		return
	}
	one.sketches = append(one.sketches, sketch)
	if sketch == nil {
		l.sketchless = true
		return
	}
	l.querier.room -= float64(sketch.Size()) / sampleBytes
}

// sketched returns the rows of a run that have a sketch, or those that have none.
func (r *run) sketched(have bool) *run {
	part := &run{segment: r.segment}
	for i, sketch := range r.sketches {
		if (sketch != nil) == have {
			part.rows = append(part.rows, r.rows[i])
			part.sketches = append(part.sketches, sketch)
		}
	}
	return part
}
