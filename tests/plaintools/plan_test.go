package plaintools

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// begin is when the recorders begin; what is before that, every file has already. It is a whole
// hour.
var begin = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	// tick is how far each batch moves the clock: a second of a test is a quarter of an hour, so
	// that tiers fill and are pruned.
	tick = 10 * time.Second

	// maintainEvery is after how many batches there is a pass of maintenance.
	maintainEvery = 6
)

// clock is the time at which a batch is recorded.
func clock(batch int) time.Time { return begin.Add(time.Duration(batch+1) * tick) }

// planned is a sample that everybody knows of.
type planned struct {
	metric, wan string
	labels      service.Labels
	at          time.Time
	value       float64
}

func (p planned) aggregation() service.Aggregation {
	if p.metric == service.State {
		return service.Mode
	}
	return service.Average
}

// The WANs. Those that hands change are recorded before begin, and of them only typed and switched
// are written to afterwards.
const (
	fibre    = "fibre"    // recorded at a steady pace
	lte      = "lte"      // as well
	counter  = "counter"  // its samples are how many batches there are
	typed    = "typed"    // whose rows are changed and added by hand
	doomed   = "doomed"   // whose rows are deleted
	switched = "switched" // of whose states one is deleted
	renamed  = "renamed"  // whose name is changed
)

// recordedWAN says that a WAN is recorded, and that no hand changes it.
func recordedWAN(wan string) bool { return wan == fibre || wan == lte || wan == counter }

// fraction makes up the nth value, one that has no short decimals: those that lose a bit on their
// way are found out.
func fraction(n int) float64 { return 20 + float64(n*7919%1009)/30 }

func state(n int) float64 { return float64([]int{0, 1, 3, 1, 1, 0, 2, 0, 3, 3, 2}[n%11]) }

const (
	// pastHours is how many hours before begin there is something.
	pastHours = 8

	// pastDense is how long before begin samples come every 20 s, and before that every two
	// minutes.
	pastDense = 20 * time.Minute
)

// past is what every file has before a recorder begins: so much that all tiers have something of
// their own.
func past() []planned {
	labels := service.Labels{"target": "1.1.1.1", "x": `it's "so"`}
	var list []planned
	at := begin.Add(-pastHours * time.Hour)
	for i := 0; at.Before(begin); i++ {
		at = at.Add(2 * time.Minute)
		if begin.Sub(at) < pastDense {
			at = at.Add(-100 * time.Second)
		}
		list = append(
			list,
			planned{service.RTT, fibre, nil, at, fraction(i)},
			planned{service.State, fibre, nil, at, state(i)},
			planned{service.RateDownload, lte, labels, at, fraction(3 * i)},
		)
		if i%4 == 0 {
			list = append(list, planned{service.RTT, renamed, nil, at, fraction(i)})
		}
	}
	return append(list, ofHands()...)
}

// Where hands are at work: whole hours below the raw samples, the first of which has nothing yet.
var (
	insertedHour = begin.Add(-5 * time.Hour)
	deletedHour  = begin.Add(-3 * time.Hour)
	updatedHour  = begin.Add(-2 * time.Hour)
)

// updatedMinute is the bucket of 1m whose sum a hand changes.
var updatedMinute = updatedHour.Add(30 * time.Minute)

// ofHands is what there is of the WANs that hands change.
func ofHands() []planned {
	var list []planned
	for i := range 30 {
		for j, value := range []float64{10, 20, 13, 14, 15} {
			offset := time.Duration(2*i)*time.Minute + time.Duration(j)*time.Second
			list = append(
				list,
				planned{service.RTT, typed, nil, updatedHour.Add(offset), value},
				planned{service.RTT, doomed, nil, deletedHour.Add(offset), value},
				planned{service.RTT, doomed, nil, updatedHour.Add(offset), value},
				planned{service.State, switched, nil, deletedHour.Add(offset), state(j)},
			)
		}
	}
	return list
}

// plan returns the samples of one batch, late ones among them in every fifth.
func plan(batch int) []planned {
	now := clock(batch)
	list := []planned{{service.RTTDelta, counter, nil, now, float64(batch + 1)}}
	for i := range 4 {
		at := now.Add(-time.Duration(i) * tick / 4)
		list = append(
			list,
			planned{service.RTT, fibre, nil, at, fraction(4*batch + i)},
			planned{service.RTT, lte, nil, at, fraction(5*batch + i)},
			planned{service.State, fibre, nil, at, state(batch + i)},
		)
	}
	if batch%5 != 0 {
		return list
	}
	// Below the watermark of 1m; below the raw samples, where only the buckets take it; among what
	// hands have changed.
	offset := time.Duration(batch+1) * time.Microsecond
	late := func(age time.Duration) time.Time { return now.Add(offset - age) }
	return append(
		list,
		planned{service.RTT, fibre, nil, late(8 * time.Minute), fraction(batch)},
		planned{service.State, fibre, nil, late(25 * time.Minute), state(batch)},
		planned{service.RTT, lte, nil, late(330 * time.Minute), fraction(batch)},
		planned{service.RTT, typed, nil, updatedMinute.Add(offset), 16},
		planned{service.State, switched, nil, deletedHour.Add(offset + 10*time.Second), 4},
	)
}

// edit is what a hand does to a sample. It returns false for one that is deleted.
type edit func(planned) (planned, bool)

// oracle knows what a file has to hold.
type oracle struct {
	edits []edit
	added []planned // by hand
}

// after returns what a file has to hold with so many batches.
func (o *oracle) after(batches int) *truth.Truth {
	all := truth.New()
	add := func(list []planned) {
		for _, p := range list {
			if p, ok := o.edited(p); ok {
				all.Add(truth.SeriesOf(p.metric, p.wan, p.labels), p.aggregation(), p.at, p.value)
			}
		}
	}
	add(past())
	for i := range batches {
		add(plan(i))
	}
	add(o.added)
	return all
}

func (o *oracle) edited(p planned) (planned, bool) {
	ok := true
	for _, change := range o.edits {
		if p, ok = change(p); !ok {
			break
		}
	}
	return p, ok
}

// samplesOf takes planned samples to a writer.
func samplesOf(w *service.Writer, list []planned) ([]service.Sample, error) {
	samples := make([]service.Sample, 0, len(list))
	for _, p := range list {
		series, err := w.Series(p.metric, p.wan, p.labels)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", p.metric, p.wan, err)
		}
		samples = append(samples, service.Sample{Series: series, Time: p.at, Value: p.value})
	}
	return samples, nil
}
