package faults

import (
	"time"

	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// begin is where the clock of a run stands at first. It is a whole hour, and far from midnight.
var begin = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

// The ages are as small as they may be, but for the raw samples.
const (
	keepRaw = 10 * time.Minute
	keep1m  = 20 * time.Minute
	keep5m  = 2 * time.Hour
	days    = 1
)

// sample is one that is recorded, or is to be.
type sample struct {
	metric, wan string
	at          time.Time
	value       float64
}

func (s sample) series() truth.Series { return truth.SeriesOf(s.metric, s.wan, nil) }

func (s sample) aggregation() service.Aggregation {
	if s.metric == service.State {
		return service.Mode
	}
	return service.Average
}

// markers is the series that says in each batch which one it is.
const markers = "batch"

// earlier is what a run finds in its file: buckets a day old, and so many raw samples of the last
// minutes that deleting them leaves more free pages than a file keeps.
func earlier() []sample {
	var list []sample
	for age := 30 * time.Hour; age > time.Hour; age -= 20 * time.Minute {
		list = append(list,
			sample{service.RTT, "old", begin.Add(-age), age.Minutes()},
			sample{service.State, "old", begin.Add(-age), float64(int(age.Hours()) % 3)})
	}
	for i := range 2200 {
		at := begin.Add(-time.Duration(i) * 200 * time.Millisecond)
		for _, wan := range []string{"a", "b", "c"} {
			list = append(list, sample{service.RTT, wan, at, float64(i%100) / 3})
		}
	}
	return list
}

// batch returns what is recorded together as the nth, at the time that it is then: new samples,
// late ones of every age that the file may still have, the same one twice, and a series that was
// not there before.
func batch(n int, now time.Time) []sample {
	list := []sample{{markers, "any", now, float64(n)}}
	for i := range 8 {
		at := now.Add(-time.Duration(i) * 3 * time.Second)
		list = append(list, sample{service.RTT, "a", at, float64(10*n + i)},
			sample{service.State, "a", at, float64((n + i) % 3)})
	}
	own := time.Duration(n) * time.Microsecond
	for _, age := range []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 5 * time.Hour} {
		at := now.Add(own - age)
		list = append(list, sample{service.RTT, "late", at, float64(n)},
			sample{service.State, "late", at, float64(n % 3)})
	}
	if n%2 == 0 {
		list = append(list, sample{service.RateUpload, string(rune('a' + n)), now, 1})
	}
	return append(list, list[1])
}

// truthOf returns what is true after the given samples.
func truthOf(lists ...[]sample) *truth.Truth {
	all := truth.New()
	for _, list := range lists {
		for _, s := range list {
			all.Add(s.series(), s.aggregation(), s.at, s.value)
		}
	}
	return all
}
