package measure

import (
	"slices"
	"time"
)

// echo is one echo request on its way.
type echo struct {
	sent time.Time
	// vague says that the moment of sending is not known well enough to measure by.
	vague bool
	done  bool
	path  int // [Reply.Path]
}

// pending are the echoes that may still be answered, oldest first. It holds no more than are sent
// within wait. Their numbers follow each other, so that each is found at once.
type pending struct {
	wait   time.Duration
	first  uint64 // the number of echoes[0]
	echoes []echo
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
	for _, e := range p.echoes {
		if now.Sub(e.sent) <= p.wait {
			break
		}
		if !e.done {
			lost++
		}
		n++
	}
	p.first += uint64(n)
	// Moving what is left down keeps the array; cutting it off in front would have each append find
	// it full.
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
