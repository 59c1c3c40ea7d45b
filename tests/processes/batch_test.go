package processes

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// begin is when the clocks of the children begin, tick how far each batch moves them.
var begin = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

const tick = 7 * time.Second

func clock(batch int) time.Time { return begin.Add(time.Duration(batch) * tick) }

// planned is a sample that parent and child know of.
type planned struct {
	metric, wan string
	at          time.Time
	value       float64
}

func (p planned) aggregation() service.Aggregation {
	if p.metric == service.State {
		return service.Mode
	}
	return service.Average
}

func (p planned) series() truth.Series { return truth.SeriesOf(p.metric, p.wan, nil) }

// plan returns the samples of one batch of a child, those that come late among them. Moments below
// a microsecond grain are the child's own, so that no two samples collide but for those that are
// meant to.
func plan(child, batch int) []planned {
	return append(inTime(child, batch), late(child, batch)...)
}

// inTime returns the samples of a batch that are above all floors, so that a repeated one is known
// for what it is.
func inTime(child, batch int) []planned {
	var list []planned
	add := func(metric, wan string, at time.Time, value int) {
		list = append(list, planned{metric, wan, at, float64(value)})
	}
	now := clock(batch)
	own := fmt.Sprintf("own-%d", child)
	for i := range 14 {
		add(service.RTT, own, now.Add(-time.Duration(i)*tick/14), 100*batch+i)
	}
	add(service.State, own, now, batch%4)
	// The same samples come from every child; which of them is first does not matter.
	for i := range 7 {
		at := now.Add(-time.Duration(i) * time.Second)
		add(service.RTTDelta, "shared", at, batch-i)
		add(service.State, "shared", at, (batch+i)%4)
	}
	return list
}

// late returns the samples of a batch that are below the watermarks of 1m and 5m; in the middle of
// what the other child writes; below every floor of raw and 1m, so that nothing but the buckets
// knows of them.
func late(child, batch int) []planned {
	if batch%5 != 0 {
		return nil
	}
	at := func(age time.Duration) time.Time {
		return clock(batch).Add(-age + time.Duration(child+1)*time.Microsecond)
	}
	return []planned{
		{service.RTT, fmt.Sprintf("own-%d", child), at(20 * time.Minute), float64(batch)},
		{service.RateUpload, "both", at(8 * time.Minute), float64(batch)},
		{service.State, "both", at(25 * time.Minute), float64(batch / 5 % 3)},
		{service.RateUpload, "both", at(3 * time.Hour), float64(batch)},
		{service.State, "both", at(3 * time.Hour), float64(batch / 5 % 3)},
	}
}

// expect adds samples to what the file has to hold.
func expect(t *truth.Truth, samples []planned) {
	for _, p := range samples {
		t.Add(p.series(), p.aggregation(), p.at, p.value)
	}
}
