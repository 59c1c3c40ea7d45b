package measure

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var localhost = netip.MustParseAddr("127.0.0.1")

// fakePinger pings with echo in the place of the library.
func fakePinger(echo func(ctx context.Context, r *run) error) *Pinger {
	p := newPinger(PingConfig{Target: localhost, Interval: cycle}, false)
	p.echo = echo
	return p
}

// everyInterval is the library's loop: the first echo at once, then one each
// interval until n are sent or ctx ends.
func everyInterval(ctx context.Context, n int, send func(seq int)) error {
	ticker := time.NewTicker(cycle)
	defer ticker.Stop()
	for seq := range n {
		send(seq)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// runFor runs p for a while of the bubble's time, then stops it and waits.
func runFor(t *testing.T, p *Pinger, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := p.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func checkCounts(t *testing.T, p *Pinger, want PingCounts) {
	t.Helper()
	if got := p.Counts(); got != want {
		t.Errorf("counted\n%+v, want\n%+v", got, want)
	}
}

func TestNewPingerRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]PingConfig{
		"no target address": {Interval: cycle},
		"interval":          {Target: localhost, Interval: time.Microsecond},
		"negative timeout":  {Target: localhost, Interval: cycle, Timeout: -1},
	}
	for want, cfg := range tests {
		if _, err := NewPinger(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error about %s", err, want)
		}
	}
}

func TestTakeGivesEachReplyOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := fakePinger(nil)
		r := &run{pinger: p, id: 1, left: 10}
		if got := p.Take(nil); len(got) != 0 {
			t.Errorf("replies before there are any: %v", got)
		}
		r.sent(0)
		r.sent(1)
		time.Sleep(9 * time.Millisecond)
		r.received(1, 9*time.Millisecond)
		early := time.Now()
		time.Sleep(time.Millisecond)
		r.received(0, 10*time.Millisecond)
		got := p.Take(make([]Reply, 0, 2))
		want := []Reply{{RTT: 9 * time.Millisecond, At: early},
			{RTT: 10 * time.Millisecond, At: time.Now()}}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if again := p.Take(got[:0]); len(again) != 0 {
			t.Errorf("the same replies twice: %v", again)
		}
		checkCounts(t, p, PingCounts{Sent: 2, Received: 2})
	})
}

func TestRepliesThatNobodyTakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := fakePinger(nil)
		r := &run{pinger: p, id: 1, left: 10_000}
		const n = maxUnread + 10
		for seq := range n {
			r.sent(seq)
			r.received(seq, time.Duration(seq))
		}
		got := p.Take(nil)
		if len(got) != maxUnread || got[0].RTT != 10 || got[maxUnread-1].RTT != n-1 {
			t.Errorf("got %d replies, from %v to %v", len(got), got[0].RTT, got[len(got)-1].RTT)
		}
		checkCounts(t, p, PingCounts{Sent: n, Received: n, Untaken: 10})
	})
}

func TestTakeDoesNotAllocate(t *testing.T) {
	// Not parallel: allocations are counted for the whole process.
	p := fakePinger(nil)
	r := &run{pinger: p, id: 1, left: 10_000}
	replies := make([]Reply, 0, 8)
	seq := 0
	allocs := testing.AllocsPerRun(500, func() {
		r.sent(seq)
		r.received(seq, time.Millisecond)
		replies = p.Take(replies[:0])
		seq++
	})
	if allocs >= 1 {
		t.Errorf("%v allocations a reply", allocs)
	}
}

func TestLostLateAndDuplicate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := fakePinger(nil)
		r := &run{pinger: p, id: 1, left: 10}
		r.sent(0)
		time.Sleep(DefaultPingTimeout)
		checkCounts(t, p, PingCounts{Sent: 1, Waiting: 1})
		time.Sleep(time.Nanosecond)
		checkCounts(t, p, PingCounts{Sent: 1, Lost: 1})
		r.received(0, DefaultPingTimeout+1)
		p.duplicate()
		checkCounts(t, p, PingCounts{Sent: 1, Lost: 1, Late: 1, Duplicates: 1})
		if got := p.Take(nil); len(got) != 0 {
			t.Errorf("late replies were handed out: %v", got)
		}
	})
}

func TestCorrect(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	tests := []struct {
		name                      string
		reported, wall, monotonic time.Duration
		want                      time.Duration
	}{
		{"no step", 20*ms + 5, 20 * ms, 20 * ms, 20*ms + 5},
		{"forward by an hour", time.Hour + 20*ms + 5, time.Hour + 20*ms, 20 * ms, 20*ms + 5},
		{"back by an hour", 20*ms + 5 - time.Hour, 20*ms - time.Hour, 20 * ms, 20*ms + 5},
		{"back between the two looks", 20*ms - time.Hour, 20 * ms, 20 * ms, 20 * ms},
	}
	for _, tt := range tests {
		if got := correct(tt.reported, tt.wall, tt.monotonic); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestNoNetworkIsTriedAgainEverLessOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var attempts []time.Duration
		p := fakePinger(func(_ context.Context, r *run) error {
			attempts = append(attempts, time.Since(begin))
			r.refused(syscall.ENETUNREACH)
			return syscall.ENETUNREACH
		})
		runFor(t, p, 4*time.Second)
		ms := time.Millisecond
		want := []time.Duration{0, 100 * ms, 300 * ms, 700 * ms, 1500 * ms, 2500 * ms, 3500 * ms}
		if len(attempts) != len(want) {
			t.Fatalf("tried at %v, want %v", attempts, want)
		}
		for i := range want {
			if attempts[i] != want[i] {
				t.Fatalf("tried at %v, want %v", attempts, want)
			}
		}
		checkCounts(t, p, PingCounts{SendErrors: 7, Restarts: 7})
		if !errors.Is(p.Err(), syscall.ENETUNREACH) {
			t.Errorf("the error is %v", p.Err())
		}
	})
}

func TestNetworkGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		gone := func() bool { d := time.Since(begin); return d >= 10*time.Second && d < 20*time.Second }
		p := fakePinger(func(ctx context.Context, r *run) error {
			if gone() {
				r.refused(syscall.ENETDOWN)
				return syscall.ENETDOWN
			}
			return everyInterval(ctx, r.left, func(seq int) {
				if gone() {
					r.refused(syscall.ENETDOWN)
					return
				}
				r.sent(seq)
				r.received(seq, time.Millisecond)
			})
		})
		runFor(t, p, 30*time.Second)
		c := p.Counts()
		// 200 before; after, the network is noticed within maxBackoff.
		if c.Sent < 380 || c.Sent > 400 || c.Received != c.Sent {
			t.Errorf("counted %+v", c)
		}
		// A second of refusals on the old socket, then the attempts to reopen it.
		if c.SendErrors < 20 || c.SendErrors > 40 || c.Restarts != c.SendErrors-19 {
			t.Errorf("counted %+v", c)
		}
		if !errors.Is(p.Err(), syscall.ENETDOWN) {
			t.Errorf("the error is %v", p.Err())
		}
	})
}

func TestSocketFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := fakePinger(func(context.Context, *run) error { return syscall.EMFILE })
		runFor(t, p, time.Second)
		checkCounts(t, p, PingCounts{Restarts: 4})
		if !errors.Is(p.Err(), syscall.EMFILE) {
			t.Errorf("the error is %v", p.Err())
		}
	})
}

// One run ends, the next begins: no gap between their echoes, and the last
// replies to the old one still count.
func TestRunsFollowEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sent []time.Time
		var replies []*time.Timer
		p := fakePinger(func(ctx context.Context, r *run) error {
			return everyInterval(ctx, r.left, func(seq int) {
				mu.Lock()
				defer mu.Unlock()
				sent = append(sent, time.Now())
				r.sent(seq)
				replies = append(replies, time.AfterFunc(3*cycle, func() { r.received(seq, 3*cycle) }))
			})
		})
		p.perRun = 10
		runFor(t, p, 5*time.Second+3*cycle-1)
		for i, at := range sent {
			if want := sent[0].Add(time.Duration(i) * cycle); !at.Equal(want) {
				t.Fatalf("echo %d was sent %v late", i, at.Sub(want))
			}
		}
		for _, timer := range replies {
			timer.Stop()
		}
		checkCounts(t, p, PingCounts{Sent: 103, Received: 100, Waiting: 3})
	})
}

// Hours without a single reply: what is remembered stays bounded.
func TestMemoryWithoutReplies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var active, crowded atomic.Int32
		p := fakePinger(func(ctx context.Context, r *run) error {
			if active.Add(1) > 2 {
				crowded.Add(1)
			}
			defer active.Add(-1)
			return everyInterval(ctx, r.left, r.sent)
		})
		runFor(t, p, 2*time.Hour-1)
		if n := crowded.Load(); n != 0 {
			t.Errorf("%d times more than one run and the one before it", n)
		}
		if n := cap(p.pending.echoes); n > 100 {
			t.Errorf("room for %d echoes is held", n)
		}
		if c := p.Counts(); c.Lost+c.Waiting != 2*3600*20 || c.Restarts != 0 {
			t.Errorf("counted %+v", c)
		}
	})
}

func TestRefuserEndsTheSender(t *testing.T) {
	t.Parallel()
	p := fakePinger(nil)
	r := &run{pinger: p, giveUp: func() {}}
	ended := make(chan struct{})
	stopped := true
	go func() {
		defer close(ended)
		refuser{run: r}.Infof("Pinging a broadcast address")
		stopped = false
	}()
	<-ended
	if !stopped {
		t.Error("the goroutine went on")
	}
	checkCounts(t, p, PingCounts{SendErrors: 1})
	if !errors.Is(p.Err(), syscall.EACCES) {
		t.Errorf("the error is %v", p.Err())
	}
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
	if err := socketError(syscall.EAFNOSUPPORT, syscall.EAFNOSUPPORT); errors.Is(err, ErrNotPermitted) {
		t.Errorf("a missing protocol is no missing permission: %v", err)
	}
}

// The library itself, over several runs, with real sockets and on loopback.
func TestPingLoopback(t *testing.T) {
	t.Parallel()
	for _, raw := range []bool{false, true} {
		name := "unprivileged"
		if raw {
			name = "raw"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := map[bool]string{false: "udp4", true: "ip4:icmp"}[raw]
			if err := canListen(network); err != nil {
				t.Skipf("this process may open no such socket: %v", err)
			}
			loopback(t)
			pingLoopback(t, raw)
		})
	}
}

func pingLoopback(t *testing.T, raw bool) {
	t.Helper()
	const perRun, runs = 20, 3
	p := newPinger(PingConfig{Target: localhost, Interval: 2 * time.Millisecond}, raw)
	ended := make(chan error, runs)
	p.perRun = perRun
	p.echo = func(ctx context.Context, r *run) error {
		err := p.icmpEcho(ctx, r)
		select {
		case ended <- err:
		default: // more runs than the test looks at
		}
		return err
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	for range runs {
		if err := <-ended; err != nil {
			t.Errorf("a run ended with %v", err)
		}
	}
	replies := p.Take(nil)
	if len(replies) < runs*perRun {
		t.Errorf("%d replies", len(replies))
	}
	for _, r := range replies {
		if r.RTT <= 0 || r.RTT > time.Second {
			t.Errorf("reply %v", r)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	c := p.Counts()
	if c.Received < runs*perRun || c.Lost+c.Late+c.Duplicates+c.SendErrors+c.Restarts != 0 {
		t.Errorf("counted %+v", c)
	}
}

func TestNewPingerHere(t *testing.T) {
	t.Parallel()
	p, err := NewPinger(PingConfig{Target: netip.MustParseAddr("::ffff:127.0.0.1"), Interval: cycle})
	if errors.Is(err, ErrNotPermitted) || runtime.GOOS != "linux" && err != nil {
		t.Skipf("not here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if p.cfg.Target != localhost || p.cfg.Timeout != DefaultPingTimeout {
		t.Errorf("configured as %+v", p.cfg)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
}
