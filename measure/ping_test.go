package measure

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var localhost = netip.MustParseAddr("127.0.0.1")

// madeUp is a line that is a function: it tells after how long, and how often, it answers an echo
// that is sent at a moment.
type madeUp struct {
	answers func(at time.Time) []time.Duration
	refuse  func() error
	lies    time.Duration // how long each reply lies in the socket before anybody runs to read it
	blind   bool          // the kernel notes no times

	sent   []time.Time
	timers sync.WaitGroup
}

// madeUpSocket is one socket to it.
type madeUpSocket struct {
	line    *madeUp
	replies chan madeUpReply
	closed  chan struct{}
}

type madeUpReply struct {
	packet []byte
	noted  time.Time
}

func (m *madeUp) open(netip.Addr, string) (echoSocket, error) {
	return &madeUpSocket{m, make(chan madeUpReply, 1<<10), make(chan struct{})}, nil
}

func (s *madeUpSocket) send(packet []byte) (time.Time, bool, error) {
	now, line := time.Now(), s.line
	if line.refuse != nil {
		if err := line.refuse(); err != nil {
			return now, false, err
		}
	}
	line.sent = append(line.sent, now)
	if line.answers == nil {
		return now, false, nil
	}
	reply := slices.Clone(packet)
	reply[0] = 0 // an echo reply; the kernel checks the sum
	for _, rtt := range line.answers(now) {
		line.timers.Go(func() {
			time.Sleep(rtt)
			select {
			case s.replies <- madeUpReply{reply, time.Now()}:
			case <-s.closed:
			}
		})
	}
	return now, false, nil
}

func (s *madeUpSocket) receive(_ []byte, until time.Time) ([]byte, time.Time, error) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	var reply madeUpReply
	select {
	case reply = <-s.replies:
	default:
		select {
		case reply = <-s.replies:
		case <-timer.C:
			return nil, time.Time{}, os.ErrDeadlineExceeded
		case <-s.closed:
			return nil, time.Time{}, os.ErrClosed
		}
	}
	time.Sleep(s.line.lies)
	if s.line.blind {
		return reply.packet, time.Time{}, nil
	}
	return reply.packet, reply.noted.Round(0), nil
}

func (s *madeUpSocket) Close() error {
	close(s.closed)
	return nil
}

func pingerOf(m *madeUp) *pinger {
	p := newPinger(LineConfig{Interval: cycle}, newLedger(DefaultWait))
	if m != nil {
		p.open = m.open
	}
	return p
}

func always(rtts ...time.Duration) func(time.Time) []time.Duration {
	return func(time.Time) []time.Duration { return rtts }
}

// runFor runs p for a while of the bubble's time, then stops it and waits.
func runFor(t *testing.T, p *pinger, m *madeUp, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	p.run(ctx, Path{Target: localhost})
	if m != nil {
		m.timers.Wait()
	}
}

func TestEchoesEveryInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		m := &madeUp{answers: always(30 * time.Millisecond)}
		p := pingerOf(m)
		runFor(t, p, m, time.Minute-1)
		for i, at := range m.sent {
			if want := begin.Add(time.Duration(i) * cycle); !at.Equal(want) {
				t.Fatalf("echo %d was sent at %v, want %v", i, at, want)
			}
		}
		for _, r := range p.books.take(nil) {
			if r.RTT != 30*time.Millisecond || r.LeftOut {
				t.Fatalf("reply %+v", r)
			}
		}
		checkCount(t, p.books.count(), PingCounts{Sent: 1200, Received: 1200})
	})
}

// A line of 1.4 s with duplicates is one of 1.4 s.
func TestLateRepliesAndDuplicates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const slow = 1400 * time.Millisecond
		m := &madeUp{answers: always(slow, slow+5*time.Millisecond, slow+200*time.Millisecond)}
		p := pingerOf(m)
		runFor(t, p, m, 10*time.Second-1)
		replies := p.books.take(nil)
		for _, r := range replies {
			if r.RTT != slow || r.LeftOut {
				t.Fatalf("reply %+v", r)
			}
		}
		const answered = uint64((10*time.Second - slow) / cycle)
		c := p.books.count()
		if c.Sent != 200 || c.Received != answered || c.Late != answered || c.Lost != 0 ||
			len(replies) != int(answered) || c.Duplicates < answered {
			t.Errorf("%d replies, counted %+v", len(replies), c)
		}
	})
}

// The loop does not run while replies lie in the socket. The kernel has noted them all the same;
// where it has not, they are left out.
func TestOwnStallsAreNotTheLines(t *testing.T) {
	t.Parallel()
	for _, blind := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m := &madeUp{answers: always(30 * time.Millisecond), lies: 500 * time.Millisecond,
				blind: blind}
			p := pingerOf(m)
			runFor(t, p, m, 20*time.Second)
			replies := p.books.take(nil)
			if len(replies) < 30 {
				t.Errorf("%d replies", len(replies))
			}
			for _, r := range replies {
				if r.RTT != 30*time.Millisecond && !r.LeftOut || blind && !r.LeftOut {
					t.Fatalf("blind %v: reply %+v", blind, r)
				}
			}
		})
	}
}

func TestNoNetworkIsTriedAgainEverLessOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var attempts []time.Duration
		p := pingerOf(nil)
		p.open = func(netip.Addr, string) (echoSocket, error) {
			attempts = append(attempts, time.Since(begin))
			return nil, syscall.EMFILE
		}
		runFor(t, p, nil, 4*time.Second)
		const ms = time.Millisecond
		want := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms, 2500 * ms, 3500 * ms}
		if !slices.Equal(attempts, want) {
			t.Fatalf("tried at %v, want %v", attempts, want)
		}
		if !errors.Is(p.books.lastError(), syscall.EMFILE) {
			t.Errorf("the error is %v", p.books.lastError())
		}
	})
}

func TestNetworkGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		m := &madeUp{answers: always(time.Millisecond), refuse: func() error {
			if d := time.Since(begin); d >= 10*time.Second && d < 20*time.Second {
				return syscall.ENETDOWN
			}
			return nil
		}}
		p := pingerOf(m)
		runFor(t, p, m, 30*time.Second)
		c := p.books.count()
		if c.Sent < 380 || c.Sent > 400 || c.Received+c.Waiting != c.Sent {
			t.Errorf("counted %+v", c)
		}
		if c.SendErrors < 100 || !errors.Is(p.books.lastError(), syscall.ENETDOWN) {
			t.Errorf("counted %+v, the error is %v", c, p.books.lastError())
		}
	})
}

// An echo that meets the end of measuring was refused by nobody.
func TestEndWhileAnEchoIsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		m := &madeUp{refuse: func() error {
			stop()
			return errors.New("use of closed file") // as a socket of the kernel says
		}}
		p := pingerOf(m)
		p.run(ctx, Path{Target: localhost})
		if c, err := p.books.count(), p.books.lastError(); c.SendErrors != 0 || err != nil {
			t.Errorf("counted %+v, the error is %v", c, err)
		}
	})
}

// Minutes without a single reply: what is remembered stays bounded.
func TestMemoryWithoutReplies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &madeUp{}
		p := pingerOf(m)
		runFor(t, p, m, 10*time.Minute-1)
		if n := cap(p.books.pending.echoes); n > 1000 {
			t.Errorf("room for %d echoes is held", n)
		}
		if c := p.books.count(); c.Lost+c.Waiting != 600*20 {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestSocketError(t *testing.T) {
	t.Parallel()
	denied := socketError(syscall.EACCES, syscall.EPERM)
	if !errors.Is(denied, ErrNotPermitted) || !errors.Is(denied, syscall.EACCES) ||
		!errors.Is(denied, syscall.EPERM) {
		t.Errorf("got %v", denied)
	}
	for _, part := range []string{"net.ipv4.ping_group_range", "CAP_NET_RAW",
		"setcap cap_net_raw+ep"} {
		if !strings.Contains(denied.Error(), part) {
			t.Errorf("error %q does not say %s", denied, part)
		}
	}
	err := socketError(syscall.EAFNOSUPPORT, syscall.EAFNOSUPPORT)
	if errors.Is(err, ErrNotPermitted) {
		t.Errorf("a missing protocol is no missing permission: %v", err)
	}
}

// Real sockets of both kinds and families, on loopback.
func TestPingLoopback(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"127.0.0.1", "::1"} {
		for _, raw := range []bool{false, true} {
			name := target + map[bool]string{false: " unprivileged", true: " raw"}[raw]
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				address := netip.MustParseAddr(target)
				unprivileged, privileged := icmpNetworks(address)
				network := map[bool]string{false: unprivileged, true: privileged}[raw]
				if err := canListen(network); err != nil {
					t.Skipf("this process may open no such socket: %v", err)
				}
				loopback(t)
				if _, ok := interfaceOf(address); !ok {
					t.Skip("no interface has this address")
				}
				pingLoopback(t, address, raw)
			})
		}
	}
}

func pingLoopback(t *testing.T, target netip.Addr, raw bool) {
	t.Helper()
	const echoes = 20
	p := newPinger(LineConfig{Interval: 2 * time.Millisecond}, newLedger(DefaultWait))
	p.open = func(netip.Addr, string) (echoSocket, error) { return openICMP(target, "", raw) }
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.run(ctx, Path{Target: target}) })
	var replies []Reply
	for len(replies) < echoes && p.books.lastError() == nil && p.books.count().Lost == 0 {
		replies = p.books.take(replies)
		runtime.Gosched()
	}
	cancel()
	running.Wait()
	for _, r := range replies {
		if !r.LeftOut && (r.RTT <= 0 || r.RTT > time.Second) {
			t.Errorf("reply %v", r)
		}
	}
	c := p.books.count()
	if c.Received < echoes || c.Lost+c.Late+c.Duplicates+c.SendErrors != 0 {
		t.Errorf("counted %+v, error %v", c, p.books.lastError())
	}
}
