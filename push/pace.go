package push

import "time"

// pace holds a backlog to so many samples a second.
type pace struct {
	rate int
	next time.Time // when the next batch may go
}

// take has so many samples go, and returns how long they have to wait.
func (p *pace) take(samples int) time.Duration {
	now := time.Now()
	at := later(p.next, now)
	p.next = at.Add(time.Duration(samples) * time.Second / time.Duration(p.rate))
	return at.Sub(now)
}
