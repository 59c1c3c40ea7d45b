package measure

import (
	"slices"
	"time"
)

// Outcome is what became of one echo.
type Outcome struct {
	// Sent is when the echo was sent, with the monotonic clock.
	Sent time.Time
	// Lost reports that no answer came within [LineConfig.Wait].
	Lost bool
}

// echo is one echo request on its way.
type echo struct {
	sent time.Time
	// vague says that the moment of sending is not known well enough to measure by.
	vague bool
	path  int // [Reply.Path]

	done      bool // answered, lost or withdrawn
	lost      bool
	withdrawn bool // it has never left this machine
}

// pending are the echoes that may still be answered, oldest first. It holds no more than are sent
// within wait. Their numbers follow each other, so that each is found at once.
type pending struct {
	wait   time.Duration
	first  uint64 // the number of echoes[0]
	echoes []echo

	told    int       // how many of echoes [pending.outcomes] has returned
	untaken []Outcome // of echoes that are forgotten, oldest first
	ended   bool      // nothing more will be answered or lost
}

// add notes an echo of the number that [pending.next] has given.
func (p *pending) add(e echo) { p.echoes = append(p.echoes, e) }

// next returns the number of the echo to be sent next.
func (p *pending) next() uint64 { return p.first + uint64(len(p.echoes)) }

// find returns an echo that is not given up yet, or nil.
func (p *pending) find(number uint64) *echo {
	if number < p.first || number >= p.next() {
		return nil
	}
	return &p.echoes[number-p.first]
}

// expire forgets the echoes that were sent longer than wait ago and returns how many of them were
// never answered.
func (p *pending) expire(now time.Time) (lost uint64) {
	n := 0
	for ; n < len(p.echoes) && now.Sub(p.echoes[n].sent) > p.wait; n++ {
		e := &p.echoes[n]
		if !e.done {
			e.done, e.lost = true, true
			lost++
		}
		if n >= p.told {
			p.untaken = e.appendOutcome(p.untaken)
		}
	}
	p.untaken = slices.Delete(p.untaken, 0, max(len(p.untaken)-maxUnread, 0))
	p.first += uint64(n)
	p.told = max(p.told-n, 0)
	// Moving what is left down keeps the array; cutting it off in front would have each append find
	// it full.
	p.echoes = slices.Delete(p.echoes, 0, n)
	return lost
}

// outcomes appends to dst what became of the echoes since the call before, in the order of sending:
// those behind an echo that may still be answered have to wait.
func (p *pending) outcomes(dst []Outcome) []Outcome {
	dst = append(dst, p.untaken...)
	p.untaken = p.untaken[:0]
	for ; p.told < len(p.echoes); p.told++ {
		e := &p.echoes[p.told]
		if !e.done && !p.ended {
			break
		}
		dst = e.appendOutcome(dst)
	}
	return dst
}

// appendOutcome appends nothing where there is no outcome.
func (e *echo) appendOutcome(dst []Outcome) []Outcome {
	if !e.done || e.withdrawn {
		return dst
	}
	return append(dst, Outcome{Sent: e.sent, Lost: e.lost})
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
