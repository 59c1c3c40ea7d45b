package measure

import (
	"slices"
	"time"
)

// echo is one echo request on its way.
type echo struct {
	run  uint64 // sequence numbers start over in each run
	seq  int
	sent time.Time
	done bool
}

// pending are the echoes that may still be answered, oldest first. It holds no
// more than are sent within one timeout.
type pending struct {
	timeout time.Duration
	echoes  []echo
}

func (p *pending) add(run uint64, seq int, at time.Time) {
	p.echoes = append(p.echoes, echo{run: run, seq: seq, sent: at})
}

// take removes an echo that has been answered and returns when it was sent; ok
// is false where it is not waited for: it was answered before, or given up.
func (p *pending) take(run uint64, seq int) (sent time.Time, ok bool) {
	// The answered one is most often among the newest.
	for i := len(p.echoes) - 1; i >= 0; i-- {
		e := &p.echoes[i]
		if e.run != run || e.seq != seq {
			continue
		}
		if e.done {
			return time.Time{}, false
		}
		e.done = true
		return e.sent, true
	}
	return time.Time{}, false
}

// expire gives up the echoes that are older than the timeout and returns how
// many of them were never answered.
func (p *pending) expire(now time.Time) (lost uint64) {
	n := 0
	for _, e := range p.echoes {
		if !e.done && now.Sub(e.sent) <= p.timeout {
			break
		}
		if !e.done {
			lost++
		}
		n++
	}
	// Moving the few that are left down keeps the array; cutting it off in front
	// would have each append find it full.
	p.echoes = slices.Delete(p.echoes, 0, n)
	return lost
}

// waiting returns how many echoes are neither answered nor given up.
func (p *pending) waiting() (n uint64) {
	for _, e := range p.echoes {
		if !e.done {
			n++
		}
	}
	return n
}
