package measure

import (
	"fmt"
	"time"
)

// Thresholds on the delta, wanctl's defaults (target_bloat_ms, warn_bloat_ms,
// hard_red_bloat_ms).
const (
	// YellowFrom is the delta at which GREEN ends.
	YellowFrom = 15 * time.Millisecond
	// SoftRedFrom is the delta at which YELLOW ends.
	SoftRedFrom = 45 * time.Millisecond
	// RedFrom is the delta at which SOFT_RED ends.
	RedFrom = 80 * time.Millisecond
	// Hysteresis is how far below its threshold the delta must fall before a
	// state is left for a better one, so that a delta which trembles on a
	// threshold does not make the state flap. It is this package's own.
	Hysteresis = 2 * time.Millisecond
)

// How the averages move.
const (
	// LoadTimeConstant is that of the average that delta is taken from
	// (wanctl: load_time_constant_sec).
	LoadTimeConstant = 250 * time.Millisecond
	// BaselineRise is the time constant with which the baseline follows an
	// idle line upwards (wanctl: baseline_time_constant_sec, as it runs in
	// production).
	BaselineRise = 50 * time.Second
	// BaselineFall is the time constant with which the baseline follows the
	// line downwards. Queues only ever add to a round trip, so that whatever is
	// shorter than the baseline is closer to the truth. It is this package's own.
	BaselineFall = time.Second
	// IdleBelow is the delta below which the line counts as idle, and the
	// baseline may rise (wanctl: baseline_update_threshold_ms).
	IdleBelow = 3 * time.Millisecond
	// SilenceLimit is how long a line may give no reply before it is RED, where two echoes are sent
	// in that time ([Congestion.Interval]).
	SilenceLimit = time.Second
)

// State is how congested a line is, from 0 (GREEN) to 3 (RED).
type State int

// The states, best first: a larger number is a worse state.
const (
	Green State = iota
	Yellow
	SoftRed
	Red
)

var stateNames = [...]string{Green: "GREEN", Yellow: "YELLOW", SoftRed: "SOFT_RED", Red: "RED"}

// String returns GREEN, YELLOW, SOFT_RED or RED.
func (s State) String() string {
	if s < Green || s > Red {
		return fmt.Sprintf("State(%d)", int(s))
	}
	return stateNames[s]
}

// StateAt returns the state of a delta by the thresholds alone.
func StateAt(delta time.Duration) State {
	switch {
	case delta >= RedFrom:
		return Red
	case delta >= SoftRedFrom:
		return SoftRed
	case delta >= YellowFrom:
		return Yellow
	}
	return Green
}

// Reading is what is known about a line at one moment. The durations are zero
// until the first reply.
type Reading struct {
	// Load is the fast average of the round-trip time.
	Load time.Duration
	// Baseline is the round-trip time of the line when it is idle.
	Baseline time.Duration
	// Delta is how much Load lies above Baseline, never less than zero.
	Delta time.Duration
	// State is what Delta, or silence, says about the line.
	State State
}

// Congestion derives baseline, delta and state of one line from its round-trip
// times. The zero value is ready for use; it does no I/O, asks no clock and
// belongs to one goroutine.
//
// The baseline falls quickly and rises slowly, and only while the line is idle:
// were it to rise under load, it would hide the very queue it is there to show.
// The price is that a line whose idle round trip becomes longer for good by
// more than [IdleBelow] keeps its delta until [Congestion.Restart]. That is for
// another path, of which each [Reply] tells.
type Congestion struct {
	// Interval is the time between two echoes. A line is not silent before it owes two replies.
	Interval time.Duration

	load, baseline float64   // nanoseconds
	observed       time.Time // the last reply
	heard          time.Time // since when there is silence
	started        bool      // heard is set
	answered       bool      // the averages are set
	state          State
}

// Observe takes in one reply: its round-trip time and when it arrived. A
// negative time counts as zero, a reply from before the last one as
// simultaneous with it.
func (c *Congestion) Observe(rtt time.Duration, at time.Time) Reading {
	x := float64(max(rtt, 0))
	c.hear(at)
	if !c.answered {
		c.load, c.baseline = x, x
		c.observed, c.answered = at, true
		return c.settle()
	}
	dt := at.Sub(c.observed)
	if dt > 0 {
		c.observed = at
	}
	c.load = towards(c.load, x, weight(dt, LoadTimeConstant))
	c.follow(dt)
	return c.settle()
}

// Hear takes in that the line has answered, where its round-trip time is not known or is old news:
// it is not silent.
func (c *Congestion) Hear(at time.Time) Reading {
	c.hear(at)
	if c.answered {
		return c.settle()
	}
	c.state = Green
	return c.reading()
}

func (c *Congestion) hear(at time.Time) {
	if !c.started || at.After(c.heard) {
		c.heard, c.started = at, true
	}
}

// Away takes in that nobody listened for a while, which is no silence of the line.
func (c *Congestion) Away(d time.Duration) {
	if c.started {
		c.heard = c.heard.Add(d)
	}
}

// Restart starts over on another path: its round-trip time is not that of the one before. What is
// known of silence stays.
func (c *Congestion) Restart() { c.answered = false }

// Silence tells of a moment without a reply, to be called whenever there was
// none to [Congestion.Observe]. After more than [SilenceLimit] since the last
// reply, or since the first call where there was none yet, the line is RED
// until the next reply; the rest of the reading stays as it was.
func (c *Congestion) Silence(now time.Time) Reading {
	if !c.started {
		c.heard, c.started = now, true
	}
	if now.Sub(c.heard) > max(SilenceLimit, 2*c.Interval) {
		c.state = Red
	}
	return c.reading()
}

// follow moves the baseline. It goes by the load average and not by the single
// reply, whose noise would pull the fast fall below what the line ever does.
func (c *Congestion) follow(dt time.Duration) {
	switch above := c.load - c.baseline; {
	case above < 0:
		c.baseline = towards(c.baseline, c.load, weight(dt, BaselineFall))
	case above < float64(IdleBelow):
		c.baseline = towards(c.baseline, c.load, weight(dt, BaselineRise))
	}
}

// settle takes the state from the delta: a worse one at once, a better one only
// when the delta is clear of the threshold.
func (c *Congestion) settle() Reading {
	delta := c.delta()
	c.state = max(StateAt(delta), min(c.state, StateAt(delta+Hysteresis)))
	return c.reading()
}

func (c *Congestion) delta() time.Duration {
	return time.Duration(max(c.load-c.baseline, 0))
}

func (c *Congestion) reading() Reading {
	return Reading{
		Load:     time.Duration(c.load),
		Baseline: time.Duration(c.baseline),
		Delta:    c.delta(),
		State:    c.state,
	}
}
