package push

import (
	"context"
	"time"
)

// pace holds a backlog to so many samples a second.
type pace struct {
	rate int
	next time.Time // when the next batch may go
}

// wait waits until so many samples may go.
func (p *pace) wait(ctx context.Context, samples int) error {
	now := time.Now()
	if p.next.After(now) {
		sleep(ctx, p.next.Sub(now))
	}
	p.next = later(p.next, now).Add(time.Duration(samples) * time.Second / time.Duration(p.rate))
	return context.Cause(ctx)
}
