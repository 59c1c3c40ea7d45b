package measure

import (
	"context"
	"sync"
	"time"
)

const (
	// echoesPerRun bounds what the library remembers: of every unanswered echo
	// it keeps the sequence number for as long as it runs, and after 65,536
	// echoes it begins another set of them without dropping the first. So each
	// run ends before that, with less than a megabyte to free.
	echoesPerRun = 16384
	// refusalLimit is how long the kernel may refuse every echo before the socket
	// is reopened: it may be bound to an interface that no longer exists.
	refusalLimit = time.Second
	// maxBackoff is the longest wait between two attempts, and so the longest
	// that a network which is back stays unnoticed.
	maxBackoff = time.Second
)

// run is one socket and the echoes sent over it. Its fields belong to the
// goroutine that sends, until ended is closed.
type run struct {
	pinger    *Pinger
	id        uint64
	left      int // echoes still to send
	refusals  int // in a row
	giveUp    context.CancelFunc
	sentAll   chan struct{}
	ended     chan struct{}
	delivered bool // the kernel took at least one echo
	err       error
}

// Run sends echoes until ctx ends, then returns nil once every goroutine it has
// started is gone, which takes up to about 100 ms. It blocks: call it once, in a
// goroutine, and wait for it. Errors of the network are counted
// ([PingCounts], [Pinger.Err]) and tried again after at most a second; none of
// them ends it.
func (p *Pinger) Run(ctx context.Context) error {
	var runs sync.WaitGroup
	defer runs.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // runs before the wait above

	backoff := p.cfg.Interval
	for {
		r := p.start(ctx, &runs)
		select {
		case <-ctx.Done():
			return nil
		case <-r.sentAll:
		case <-r.ended:
		}
		if ctx.Err() != nil {
			return nil
		}
		backoff = p.pause(r, backoff)
		if !sleep(ctx, backoff) {
			return nil
		}
	}
}

// start begins a run. Runs overlap: one that has sent all its echoes stays until
// the last of them is answered or given up, while the next already sends.
func (p *Pinger) start(ctx context.Context, runs *sync.WaitGroup) *run {
	ctx, cancel := context.WithCancel(ctx)
	r := &run{
		pinger:  p,
		id:      p.nextRun(),
		left:    p.perRun,
		giveUp:  cancel,
		sentAll: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	runs.Go(func() {
		defer close(r.ended)
		defer cancel()
		r.err = p.echo(ctx, r)
	})
	return r
}

func (p *Pinger) nextRun() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runs++
	return p.runs
}

// pause returns how long to wait before the run that follows r, given the wait
// before r: an interval where something could be sent, else twice as long each time.
func (p *Pinger) pause(r *run, last time.Duration) time.Duration {
	shortest := p.cfg.Interval
	if r.complete() {
		return shortest
	}
	p.restarted(r.err)
	if r.delivered {
		return shortest
	}
	return max(shortest, min(2*last, maxBackoff))
}

// complete tells whether the run has sent all its echoes.
func (r *run) complete() bool {
	select {
	case <-r.sentAll:
		return true
	default:
		return false
	}
}

// sent notes an echo that the kernel took.
func (r *run) sent(seq int) {
	r.pinger.sent(r, seq, time.Now())
	r.delivered, r.refusals = true, 0
	r.left--
	if r.left == 0 {
		close(r.sentAll)
		time.AfterFunc(r.pinger.cfg.Timeout, r.giveUp)
	}
}

// received notes a reply and the round-trip time that the library found.
func (r *run) received(seq int, reported time.Duration) {
	r.pinger.received(r, seq, reported, time.Now())
}

// refused notes an echo that the kernel did not take.
func (r *run) refused(err error) {
	r.pinger.refused(err)
	r.refusals++
	if time.Duration(r.refusals)*r.pinger.cfg.Interval >= refusalLimit {
		r.giveUp()
	}
}

// sleep waits; it is false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
