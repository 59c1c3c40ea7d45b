package measure

import (
	"context"
	"errors"
	"fmt"
	"math"
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
	// is reopened: it may be bound to an interface that no longer exists.
	refusalLimit = time.Second
	// maxBackoff is the longest wait between two attempts, and so the longest
	// that a network which is back stays unnoticed.
	maxBackoff = time.Second
)

// MaxWait is how long echoes may be waited for at most, with one each interval.
func MaxWait(interval time.Duration) time.Duration {
	if interval > math.MaxInt64/maxPending {
		return math.MaxInt64
	}
	return interval * maxPending
}

// pinger measures round-trip times by ICMP echo.
type pinger struct {
	interval time.Duration
	iface    string // to send through whatever the routing table says, where named
	books    *ledger
	token    uint64
	open     func(target netip.Addr, iface string) (echoSocket, error)
}

// echoSocket sends and receives ICMP messages: an [icmpSocket], or a line that a test has made up.
type echoSocket interface {
	send(packet []byte) (at time.Time, vague bool, err error)
	receive(buf []byte, until time.Time) (message []byte, noted time.Time, err error)
	Close() error
}

func newPinger(cfg LineConfig, books *ledger) *pinger {
	return &pinger{
		interval: cfg.Interval, iface: cfg.Interface, books: books, open: openEither,
		token: rand.Uint64(), //nolint:gosec // it tells our echoes from others', and is no secret
	}
}

// openEither opens the kind of socket that this process may open.
func openEither(target netip.Addr, iface string) (echoSocket, error) {
	raw, err := rawSocketNeeded(target)
	if err != nil {
		return nil, err
	}
	return openICMP(target, iface, raw)
}

// run sends echoes over a path until ctx ends, and returns once every goroutine it has started is
// gone. Errors are counted and tried again after at most a second.
func (p *pinger) run(ctx context.Context, path Path) {
	backoff := p.interval
	for ctx.Err() == nil {
		delivered, err := p.session(ctx, path)
		if ctx.Err() != nil {
			break
		}
		p.books.failed(failure(path, err))
		backoff = max(p.interval, min(2*backoff, maxBackoff))
		if delivered {
			backoff = p.interval
		}
		if !sleep(ctx, backoff) {
			break
		}
		p.books.expire(time.Now())
	}
}

func failure(path Path, err error) error { return fmt.Errorf("ping %s: %w", path.Target, err) }

// session pings over one socket until ctx ends or the socket fails. It tells whether the kernel
// took any echo.
func (p *pinger) session(ctx context.Context, path Path) (delivered bool, err error) {
	socket, err := p.open(path.Target, p.iface)
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
	s := session{pinger: p, path: path, socket: socket,
		format: newEchoFormat(path.Target, p.token)}
	err = s.run(ctx)
	return s.delivered, err
}

// session is one socket of a pinger. One goroutine sends and receives, so that when it does not run
// it knows.
type session struct {
	pinger    *pinger
	path      Path
	format    echoFormat
	socket    echoSocket
	stall     stall
	delivered bool
	refusals  int // in a row
}

// run returns when ctx has ended, which closes the socket, or when that is useless.
func (s *session) run(ctx context.Context) error {
	books, interval := s.pinger.books, s.pinger.interval
	buf := make([]byte, 1500)
	now := time.Now()
	due := now // the next echo
	for {
		slept, wake := now, earlier(due, now.Add(beat))
		message, noted, err := s.socket.receive(buf, wake)
		now = time.Now()
		s.stall.woke(slept, wake, now)
		if err == nil {
			if number, ok := s.format.number(message); ok {
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
		if err := s.send(ctx); err != nil {
			return err
		}
		// Echoes that were missed are not sent in a heap.
		due = due.Add(interval + now.Sub(due).Truncate(interval))
	}
}

// send sends an echo. The error is that of the last of many that the kernel refused.
func (s *session) send(ctx context.Context) error {
	books := s.pinger.books
	packet, err := s.format.packet(books.next())
	if err != nil {
		return err
	}
	at, vague, err := s.socket.send(packet)
	if err == nil {
		books.sent(at, vague)
		s.delivered, s.refusals = true, 0
		return nil
	}
	if ctx.Err() != nil {
		return err // the socket has been closed meanwhile
	}
	books.refused(failure(s.path, err))
	s.refusals++
	if time.Duration(s.refusals)*s.pinger.interval < refusalLimit {
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
