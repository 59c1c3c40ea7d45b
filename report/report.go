package report

import (
	"context"
	"time"

	"github.com/wanstore/wanstore/service"
)

// Query says what a report is about.
type Query struct {
	// From is where the first day begins, and Until the end; the last day may be a part of one.
	From, Until time.Time
	// Zone is the zone whose days are meant, of 23, 24 or 25 hours; nil is UTC.
	Zone *time.Location
	// WAN, if it is not "", is the name of the only WAN that is reported.
	WAN string
}

// Report is what the WANs of a history did in a stretch of time.
type Report struct {
	From, Until time.Time
	Zone        *time.Location
	WANs        []WAN // that have been measured in it, in the order in which they were first seen
}

// WAN is what one WAN did.
type WAN struct {
	Name    string
	Total   Stretch   // all days together
	Days    []Stretch // each day, also where nothing was measured
	Outages []Outage  // in the order of time
}

// Stretch is what a WAN did in a day, or in several. Where something was not measured there is no
// value for it.
type Stretch struct {
	From, Until time.Time
	// Measured is the time for which there are samples, see Download.
	Measured time.Duration
	// Download and Upload are how much was received and sent, in GB of 1e9 bytes; nil without
	// rates. Each bucket that the history has of a rate, of a minute at least, counts with its mean
	// for its measured time: the whole of its width where it has as many samples for its width as
	// is usual around it (the median of eleven buckets), or one less, and otherwise in proportion.
	// At a pace slower than buckets, up to an hour, a sample counts until the next one.
	Download, Upload *float64
	// States says how many samples were in each state, in the order of the values.
	States []StateShare
	// RTT is how the round-trip times are distributed, nil where there are none.
	RTT *service.Distribution
	// Loss is the share of the echoes that were lost, 0 to 1, nil where that was not recorded.
	Loss *float64
	// Outages is how many outages began in it, OutageTime how long it had any; without States that
	// is not known.
	Outages    int
	OutageTime time.Duration
}

// StateShare is the share of one state, and its name.
type StateShare struct {
	service.StateShare

	Name string // "" where the file has none
}

// Outage is a stretch of time in which a WAN was RED and no round-trip time was measured, in whole
// buckets of a minute at least, whatever else is asked. Time in which nothing was measured is none.
type Outage struct {
	From, Until time.Time
	// Granularity is the width of the coarsest bucket that it was made from: an outage that fills no
	// bucket is not seen. It is a minute at least.
	Granularity time.Duration
	// WorstRTT is the longest round-trip time in the buckets right before and after it, in
	// milliseconds; nil where there are none.
	WorstRTT *float64
}

// Make reads a history and reports what Query asks for. It blocks while it reads.
//
// Errors: those of [service.History.Range] and [service.History.Summarize].
func Make(ctx context.Context, history *service.History, query Query) (Report, error) {
	if query.Zone == nil {
		query.Zone = time.UTC
	}
	made := Report{From: query.From, Until: query.Until, Zone: query.Zone}
	g := newGathering(query)
	if err := g.read(ctx, history); err != nil {
		return Report{}, err
	}
	for _, name := range g.order {
		made.WANs = append(made.WANs, g.wans[name].report(name, g))
	}
	return made, nil
}
