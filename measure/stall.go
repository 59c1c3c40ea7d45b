package measure

import "time"

const (
	// beat is how often a loop that measures wakes at least, so that it notices when it does not
	// run.
	beat = 20 * time.Millisecond
	// tolerated is how late it may wake, and how far from the end of a stall a time is in doubt.
	tolerated = 10 * time.Millisecond
)

// stall is the latest time in which a loop that measures did not run: its process was stopped or
// had no processor, or the whole machine was paused. In the first case the kernel still noted when
// replies arrived. In the second one it noted the end of the pause, and that is no time of the
// line.
type stall struct {
	from, until time.Time
	late        time.Duration // how late the loop woke at its end
	kernelRan   bool          // a reply was noted in the midst of it
}

// woke takes in a wake-up: the loop waited from slept, until due at the latest, and runs at now.
func (s *stall) woke(slept, due, now time.Time) {
	if due.Before(slept) {
		due = slept
	}
	if late := now.Sub(due); late > tolerated {
		*s = stall{from: slept, until: now, late: late}
	}
}

// taints tells whether the arrival of a reply, to an echo that was sent at a moment, may be the end
// of the stall. Replies are to be shown in the order of their arrival; noted says that the kernel
// has noted it.
func (s *stall) taints(sent, at time.Time, noted bool) bool {
	doubt := tolerated
	if noted { // a process that wakes late is more frequent than a machine that was paused
		doubt = min(doubt, s.late/4)
	}
	if noted && at.After(s.from) && s.until.Sub(at) > doubt {
		s.kernelRan = true
	}
	if noted && s.kernelRan || !sent.Before(s.until) {
		return false
	}
	return s.until.Sub(at).Abs() <= doubt
}
