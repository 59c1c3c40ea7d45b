package measure

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// knockFor runs a knocker for a while of the bubble's time.
func knockFor(
	t *testing.T, d time.Duration, connect func(ctx context.Context, to netip.AddrPort) knock,
) *ledger {
	t.Helper()
	cfg := LineConfig{Interval: cycle, Wait: DefaultWait, Probe: Probe{tcp: true}}
	books := newLedger(cfg.Wait)
	k := newKnocker(cfg, books)
	k.connect = func(ctx context.Context, to netip.AddrPort, _ string) knock {
		return connect(ctx, to)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	k.run(ctx, Path{Target: localhost})
	return books
}

// answered is an answer after a time.
func answered(rtt time.Duration) knock {
	time.Sleep(rtt)
	return knock{arrival: arrival{read: time.Now()}}
}

func unanswered(ctx context.Context) knock {
	<-ctx.Done()
	return knock{err: ctx.Err()}
}

// The first port that answers is the one, and stays it.
func TestKnockOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		tried := map[uint16]int{}
		books := knockFor(t, time.Minute-1, func(ctx context.Context, to netip.AddrPort) knock {
			mu.Lock()
			tried[to.Port()]++
			mu.Unlock()
			if to.Port() == 443 {
				return answered(30 * time.Millisecond)
			}
			return unanswered(ctx)
		})
		replies := books.take(nil)
		for _, r := range replies {
			if r.RTT != 30*time.Millisecond {
				t.Fatalf("reply %+v", r)
			}
		}
		checkCount(t, books.count(), PingCounts{Sent: 60, Received: 60})
		if len(replies) != 60 || tried[443] != 60 || tried[53] != 1 || tried[22] != 1 {
			t.Errorf("%d replies, tried %v", len(replies), tried)
		}
	})
}

// The service goes away, and another one still answers.
func TestKnockElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		books := knockFor(t, time.Minute, func(ctx context.Context, to netip.AddrPort) knock {
			first := to.Port() == 53 && time.Since(begin) < 20*time.Second
			if first || to.Port() == 22 && time.Since(begin) > 10*time.Second {
				return answered(time.Millisecond)
			}
			return unanswered(ctx)
		})
		if c := books.count(); c.Received < 55 || c.Lost > 4 {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestKnockLateAndLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		books := knockFor(t, time.Minute-1, func(ctx context.Context, _ netip.AddrPort) knock {
			if time.Since(begin) >= 30*time.Second {
				return unanswered(ctx)
			}
			return answered(1400 * time.Millisecond)
		})
		c := books.count()
		if c.Received != 30 || c.Late != 30 || c.Lost < 19 || c.Sent != 60 {
			t.Errorf("counted %+v", c)
		}
	})
}

// What never left this machine was not lost by the line.
func TestKnockWithoutNetwork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := knockFor(t, 10*time.Second-1, func(context.Context, netip.AddrPort) knock {
			return knock{err: syscall.ENETUNREACH}
		})
		checkCount(t, books.count(), PingCounts{SendErrors: 10})
	})
}

// The kernel has measured what this process has slept through.
func TestKnockMeasuredByTheKernel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := knockFor(t, 10*time.Second-1, func(context.Context, netip.AddrPort) knock {
			got := answered(900 * time.Millisecond)
			got.rtt, got.vague = 30*time.Millisecond, true
			return got
		})
		for _, r := range books.take(nil) {
			if r.RTT != 30*time.Millisecond || r.LeftOut {
				t.Fatalf("reply %+v", r)
			}
		}
	})
}

// Connections to this machine: one that is taken and one that is refused.
func TestConnect(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	to := netip.MustParseAddrPort(listener.Addr().String())
	ctx := t.Context()
	if got := connect(ctx, to, ""); got.err != nil || got.read.IsZero() {
		t.Errorf("taken: %+v", got)
	} else if got.rtt <= 0 || got.rtt > time.Second {
		t.Logf("the kernel has measured %v", got.rtt)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if got := connect(ctx, to, ""); got.err != nil || got.rtt != 0 || got.read.IsZero() {
		t.Errorf("refused: %+v", got)
	}
	if got := connect(ctx, to, "nosuch0"); got.err == nil {
		t.Errorf("through no interface: %+v", got)
	}
}
