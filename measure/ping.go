package measure

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"time"
)

const (
	// MinPingInterval is the shortest interval between two echoes.
	MinPingInterval = time.Millisecond
	// LateAfter is how long after its echo a reply counts as late.
	LateAfter = time.Second
	// DefaultWait is how long a late reply is waited for unless told otherwise.
	DefaultWait = 10 * time.Second
	// maxPending bounds the echoes that are waited for, by the range of their sequence numbers.
	maxPending = 1 << 16

	// refusalLimit is how long the kernel may refuse every echo before the socket
	// is opened anew: it may be bound to an interface that no longer exists.
	refusalLimit = time.Second
	// maxBackoff is the longest wait between two attempts, and so the longest
	// that a network which is back stays unnoticed.
	maxBackoff = time.Second
)

// PingConfig says what to ping and how often.
type PingConfig struct {
	// Target is the address to ping, IPv4 or IPv6.
	Target netip.Addr
	// Interface, where given, is the interface that echoes leave by whatever the
	// routing table says.
	Interface string
	// Interval is the time between two echoes, at least [MinPingInterval].
	Interval time.Duration
	// Wait is how long an echo may stay without reply before it counts as lost; 0 means
	// [DefaultWait].
	Wait time.Duration
}

// Pinger measures the round-trip time to one host by ICMP echo, for weeks if
// need be: its memory is bounded, and a network that goes away and comes back
// costs the replies of that time and nothing else. All methods may be called
// from any goroutine.
//
// A round trip ends when the kernel sees the reply, where it notes that (Linux does), so that the
// time a reply lies unread is not in it. What may be a delay of this machine is left out.
type Pinger struct {
	cfg    PingConfig
	books  *ledger
	format echoFormat
	open   func() (echoSocket, error)
}

// echoSocket sends and receives ICMP messages: an [icmpSocket], or a line that a test has made up.
type echoSocket interface {
	send(packet []byte) (at time.Time, vague bool, err error)
	receive(buf []byte, until time.Time) (message []byte, noted time.Time, err error)
	Close() error
}

// NewPinger checks the configuration and which kind of ICMP socket this process
// may open, unprivileged or raw; it sends nothing yet. Where neither is allowed
// the error satisfies errors.Is(err, [ErrNotPermitted]).
func NewPinger(cfg PingConfig) (*Pinger, error) {
	if cfg.Wait == 0 {
		cfg.Wait = DefaultWait
	}
	if !cfg.Target.IsValid() {
		return nil, errors.New("ping: no target address")
	}
	if cfg.Interval < MinPingInterval {
		return nil, fmt.Errorf("ping: interval %v is below %v", cfg.Interval, MinPingInterval)
	}
	if cfg.Wait < 0 || cfg.Wait/cfg.Interval >= maxPending {
		return nil, fmt.Errorf("ping: wait %v for echoes every %v", cfg.Wait, cfg.Interval)
	}
	cfg.Target = cfg.Target.Unmap()
	raw, err := rawSocketNeeded(cfg.Target)
	if err != nil {
		return nil, fmt.Errorf("ping %s: %w", cfg.Target, err)
	}
	return newPinger(cfg, func() (echoSocket, error) {
		return openICMP(cfg.Target, cfg.Interface, raw)
	}), nil
}

func newPinger(cfg PingConfig, open func() (echoSocket, error)) *Pinger {
	token := rand.Uint64() //nolint:gosec // it tells our echoes from others', and is no secret
	return &Pinger{cfg: cfg, books: newLedger(cfg.Wait), format: newEchoFormat(cfg.Target, token),
		open: open}
}

// Take appends to dst the replies that have arrived since the call before,
// oldest first, and returns the longer slice. It never waits, and does not
// allocate where dst has room.
func (p *Pinger) Take(dst []Reply) []Reply { return p.books.take(dst) }

// Counts returns what has been counted until now.
func (p *Pinger) Counts() PingCounts { return p.books.count() }

// Err returns the latest error of sending or of the socket, nil if there never
// was one. Such errors do not end [Pinger.Run]; this is for the summary.
func (p *Pinger) Err() error { return p.books.lastError() }

// Run sends echoes until ctx ends, then returns once every goroutine it has
// started is gone. It blocks: call it once, in a goroutine, and wait for it.
// Errors of the network are counted ([PingCounts], [Pinger.Err]) and tried
// again after at most a second; none of them ends it.
func (p *Pinger) Run(ctx context.Context) {
	backoff := p.cfg.Interval
	for ctx.Err() == nil {
		delivered, err := p.session(ctx)
		if ctx.Err() != nil {
			break
		}
		p.books.failed(p.failure(err))
		backoff = max(p.cfg.Interval, min(2*backoff, maxBackoff))
		if delivered {
			backoff = p.cfg.Interval
		}
		if !sleep(ctx, backoff) {
			break
		}
		p.books.expire(time.Now())
	}
}

func (p *Pinger) failure(err error) error { return fmt.Errorf("ping %s: %w", p.cfg.Target, err) }

// session pings over one socket until ctx ends or the socket fails. It tells whether the kernel took
// any echo.
func (p *Pinger) session(ctx context.Context) (delivered bool, err error) {
	socket, err := p.open()
	if err != nil {
		return false, err
	}
	var closing sync.WaitGroup
	defer closing.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // runs before the wait above
	closing.Go(func() {
		<-ctx.Done()
		_ = socket.Close() // nothing is in it that could be lost
	})
	s := session{pinger: p, socket: socket}
	err = s.run()
	return s.delivered, err
}

// session is one socket of a pinger. One goroutine sends and receives, so that when it does not run
// it knows.
type session struct {
	pinger    *Pinger
	socket    echoSocket
	stall     stall
	delivered bool
	refusals  int // in a row
}

// run returns when the socket is closed or useless.
func (s *session) run() error {
	books, interval := s.pinger.books, s.pinger.cfg.Interval
	buf := make([]byte, 1500)
	now := time.Now()
	due := now // the next echo
	for {
		slept, wake := now, earlier(due, now.Add(beat))
		message, noted, err := s.socket.receive(buf, wake)
		now = time.Now()
		s.stall.woke(slept, wake, now)
		if err == nil {
			if number, ok := s.pinger.format.number(message); ok {
				books.received(arrival{number: number, noted: noted, read: now}, &s.stall)
			}
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		books.expire(now)
		if now.Before(due) {
			continue
		}
		if err := s.send(); err != nil {
			return err
		}
		// Echoes that were missed are not sent in a heap.
		due = due.Add(interval + now.Sub(due).Truncate(interval))
	}
}

// send sends an echo. The error is that of the last of many that the kernel refused.
func (s *session) send() error {
	books := s.pinger.books
	packet, err := s.pinger.format.packet(books.next())
	if err != nil {
		return err
	}
	at, vague, err := s.socket.send(packet)
	if err == nil {
		books.sent(at, vague)
		s.delivered, s.refusals = true, 0
		return nil
	}
	if errors.Is(err, os.ErrClosed) {
		return err
	}
	books.refused(s.pinger.failure(err))
	s.refusals++
	if time.Duration(s.refusals)*s.pinger.cfg.Interval < refusalLimit {
		return nil
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
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
