package measure

import "time"

// jitterGain is the weight of a new difference in the average.
const jitterGain = 1.0 / 16

// Jitter is the average of how much the round-trip time changes from one reply to the next, in the
// order of their arrival. The zero value is ready for use; it does no I/O, asks no clock and
// belongs to one goroutine.
//
// A change across an outage or to another path says nothing of jitter, so it does not count; the
// average goes on from where it was.
//
// Source: the interarrival jitter of RFC 3550, section 6.4.1, of round trips.
type Jitter struct {
	// Interval is the time between two echoes. Replies further apart than [SilenceLimit], or than
	// two intervals, have an outage between them.
	Interval time.Duration

	mean  float64 // nanoseconds
	last  Reply
	fresh bool // mean has changed since it was taken
}

// Observe takes in a reply.
func (j *Jitter) Observe(r Reply) {
	if r.LeftOut {
		return
	}
	last := j.last
	j.last = r
	outage := r.At.Sub(last.At) > max(SilenceLimit, 2*j.Interval)
	if last.At.IsZero() || outage || r.Path != last.Path {
		return
	}
	j.mean = towards(j.mean, float64((r.RTT - last.RTT).Abs()), jitterGain)
	j.fresh = true
}

// Take returns the jitter. ok is false where nothing has been measured since the call before.
func (j *Jitter) Take() (jitter time.Duration, ok bool) {
	ok = j.fresh
	j.fresh = false
	return time.Duration(j.mean), ok
}
