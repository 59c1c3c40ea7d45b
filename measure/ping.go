package measure

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// DefaultPingTimeout is how long an echo is waited for unless told otherwise.
const DefaultPingTimeout = time.Second

// MinPingInterval is the shortest interval between two echoes.
const MinPingInterval = time.Millisecond

// maxUnread is how many replies wait for [Pinger.Take] at most: 12 seconds of
// them at 50 ms, far more than a loop that still lives leaves lying.
const maxUnread = 256

// PingConfig says what to ping and how often.
type PingConfig struct {
	// Target is the address to ping, IPv4 or IPv6.
	Target netip.Addr
	// Interface, where given, is the interface that echoes leave by whatever the
	// routing table says.
	Interface string
	// Interval is the time between two echoes, at least [MinPingInterval].
	Interval time.Duration
	// Timeout is how long an echo may stay without reply before it counts as
	// lost; 0 means [DefaultPingTimeout].
	Timeout time.Duration
}

// Reply is one answered echo.
type Reply struct {
	// RTT is the round-trip time.
	RTT time.Duration
	// At is when the reply arrived, with the monotonic clock.
	At time.Time
}

// PingCounts are what a [Pinger] has counted. Sent is always the sum of
// Received, Lost and Waiting.
type PingCounts struct {
	// Sent echoes are those that the kernel took.
	Sent uint64
	// Received echoes were answered in time.
	Received uint64
	// Lost echoes were not answered within the timeout.
	Lost uint64
	// Waiting echoes may still be answered.
	Waiting uint64
	// Late replies came after their echo was counted as lost, which it stays.
	Late uint64
	// Untaken replies were dropped, the oldest first, because nobody took them;
	// they are in Received.
	Untaken uint64
	// Duplicates are further replies to an echo already answered.
	Duplicates uint64
	// SendErrors are echoes that the kernel refused; they are not in Sent.
	SendErrors uint64
	// Restarts is how often the socket was reopened after an error.
	Restarts uint64
}

// Pinger measures the round-trip time to one host by ICMP echo, for weeks if
// need be: its memory is bounded, and a network that goes away and comes back
// costs the replies of that time and nothing else. All methods may be called
// from any goroutine.
type Pinger struct {
	cfg PingConfig
	raw bool
	// [Pinger.icmpEcho] and echoesPerRun, but for tests.
	echo   func(ctx context.Context, r *run) error
	perRun int

	mu      sync.Mutex // held for bookkeeping alone, never across I/O
	counts  PingCounts
	pending pending
	unread  []Reply // oldest first
	runs    uint64
	err     error
}

// NewPinger checks the configuration and which kind of ICMP socket this process
// may open, unprivileged or raw; it sends nothing yet. Where neither is allowed
// the error satisfies errors.Is(err, [ErrNotPermitted]).
func NewPinger(cfg PingConfig) (*Pinger, error) {
	if !cfg.Target.IsValid() {
		return nil, errors.New("ping: no target address")
	}
	if cfg.Interval < MinPingInterval {
		return nil, fmt.Errorf("ping: interval %v is below %v", cfg.Interval, MinPingInterval)
	}
	if cfg.Timeout < 0 {
		return nil, fmt.Errorf("ping: negative timeout %v", cfg.Timeout)
	}
	cfg.Target = cfg.Target.Unmap()
	raw, err := rawSocketNeeded(cfg.Target)
	if err != nil {
		return nil, fmt.Errorf("ping %s: %w", cfg.Target, err)
	}
	return newPinger(cfg, raw), nil
}

func newPinger(cfg PingConfig, raw bool) *Pinger {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultPingTimeout
	}
	p := &Pinger{cfg: cfg, raw: raw, perRun: echoesPerRun, pending: pending{timeout: cfg.Timeout}}
	p.echo = p.icmpEcho
	return p
}

// Take appends to dst the replies that have arrived since the call before,
// oldest first, and returns the longer slice. It never waits, and does not
// allocate where dst has room. A loop that wants one round-trip time a cycle
// takes the last; but a loop and a pinger of the same interval drift past each
// other, so that a cycle may well see none and the next one two.
func (p *Pinger) Take(dst []Reply) []Reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	dst = append(dst, p.unread...)
	p.unread = p.unread[:0]
	return dst
}

// Counts returns what has been counted until now.
func (p *Pinger) Counts() PingCounts {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expire(time.Now())
	counts := p.counts
	counts.Waiting = p.pending.waiting()
	return counts
}

// Err returns the latest error of sending or of the socket, nil if there never
// was one. Such errors do not end [Pinger.Run]; this is for the summary.
func (p *Pinger) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Pinger) sent(r *run, seq int, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Sent++
	p.expire(at)
	p.pending.add(r.id, seq, at)
}

func (p *Pinger) received(r *run, seq int, reported time.Duration, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expire(at)
	sent, ok := p.pending.take(r.id, seq)
	if !ok {
		p.counts.Late++
		return
	}
	p.counts.Received++
	p.keep(Reply{RTT: withoutStep(reported, sent, at), At: at})
}

// keep is called with mu held.
func (p *Pinger) keep(reply Reply) {
	if len(p.unread) == maxUnread {
		p.unread = slices.Delete(p.unread, 0, 1)
		p.counts.Untaken++
	}
	p.unread = append(p.unread, reply)
}

func (p *Pinger) duplicate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Duplicates++
}

func (p *Pinger) refused(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.SendErrors++
	p.err = err
}

func (p *Pinger) restarted(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Restarts++
	// A run that was told to give up ends by its context; why it was told so
	// has been noted before.
	if err != nil && !errors.Is(err, context.Canceled) {
		p.err = err
	}
}

// expire is called with mu held.
func (p *Pinger) expire(now time.Time) {
	p.counts.Lost += p.pending.expire(now)
}

// withoutStep takes a step of the wall clock out of a round-trip time. The
// library puts the wall clock into the echo and subtracts it from the wall clock
// on return; both our times carry the monotonic clock beside it.
func withoutStep(reported time.Duration, sent, at time.Time) time.Duration {
	monotonic := at.Sub(sent)
	wall := at.Round(0).Sub(sent.Round(0)) // Round(0) strips the monotonic clock
	return correct(reported, wall, monotonic)
}

// correct takes the step, the difference of the two clocks, off the reported
// time. What is left can only be negative if the clock stepped between the
// library's look at it and ours; then the monotonic time is within microseconds.
func correct(reported, wall, monotonic time.Duration) time.Duration {
	rtt := reported - (wall - monotonic)
	if rtt < 0 {
		return max(monotonic, 0)
	}
	return rtt
}
