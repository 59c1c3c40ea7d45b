package measure

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// lossy answers echoes late, in another order and twice, and some of them never.
func lossy(begin time.Time) func(at time.Time) []time.Duration {
	return func(at time.Time) []time.Duration {
		switch number := int(at.Sub(begin) / cycle); {
		case number%7 == 3:
			return nil
		case number%5 == 1:
			return []time.Duration{1400 * time.Millisecond, 1500 * time.Millisecond}
		case number%11 == 4:
			return []time.Duration{DefaultWait + time.Millisecond}
		default:
			return []time.Duration{20 * time.Millisecond}
		}
	}
}

// Each echo has one outcome, in the order of sending, and the share of those lost is what is
// counted.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		m := &madeUp{answers: lossy(begin)}
		p := pingerOf(m)
		var outcomes []Outcome
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var running sync.WaitGroup
		running.Go(func() { p.run(ctx, Path{Target: localhost}) })
		for sleep(ctx, cycle) {
			outcomes = p.books.outcomes(outcomes)
			if n := len(outcomes); n > 0 && time.Since(outcomes[n-1].Sent) > DefaultWait+3*cycle {
				t.Fatalf("the newest outcome is %v old", time.Since(outcomes[n-1].Sent))
			}
		}
		running.Wait()
		m.timers.Wait()
		checkOutcomes(t, m, p.books, outcomes)
	})
}

// checkOutcomes compares outcomes, and what is still to be taken, with what was sent and counted.
func checkOutcomes(t *testing.T, m *madeUp, books *ledger, outcomes []Outcome) {
	t.Helper()
	for i, o := range outcomes {
		if !o.Sent.Equal(m.sent[i]) {
			t.Fatalf("outcome %d is of %v, want %v", i, o.Sent, m.sent[i])
		}
		if rtts := m.answers(o.Sent); o.Lost != (len(rtts) == 0 || rtts[0] > DefaultWait) {
			t.Errorf("echo %d, answered after %v: lost %v", i, rtts, o.Lost)
		}
	}
	if held := len(m.sent) - len(outcomes); held > int(DefaultWait/cycle)+2 {
		t.Errorf("%d outcomes are held back", held)
	}
	books.end()
	outcomes = books.outcomes(outcomes)
	var lost uint64
	for _, o := range outcomes {
		if o.Lost {
			lost++
		}
	}
	c := books.count()
	if lost != c.Lost || uint64(len(outcomes)) != c.Lost+c.Received || c.Waiting == 0 {
		t.Errorf("%d outcomes, %d lost, counted %+v", len(outcomes), lost, c)
	}
	if more := books.outcomes(nil); len(more) != 0 {
		t.Errorf("the same outcomes twice: %v", more)
	}
}

// In an outage each echo is lost; when nothing can be sent there is nothing to lose.
func TestOutcomesOfAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		m := &madeUp{answers: always(), refuse: func() error {
			if d := time.Since(begin); d >= 10*time.Second && d < 20*time.Second {
				return syscall.ENETDOWN
			}
			return nil
		}}
		p := pingerOf(m)
		runFor(t, p, m, 40*time.Second)
		outcomes := p.books.outcomes(nil)
		if c := p.books.count(); uint64(len(outcomes)) != c.Lost || c.Lost < 350 {
			t.Errorf("%d outcomes, counted %+v", len(outcomes), c)
		}
		if slices.ContainsFunc(outcomes, func(o Outcome) bool { return !o.Lost }) {
			t.Error("an echo was answered")
		}
	})
}

// Nobody takes outcomes for hours: what is remembered stays bounded, and is the newest.
func TestOutcomesThatNobodyTakes(t *testing.T) {
	t.Parallel()
	l, now := newLedger(DefaultWait), time.Now()
	for range 3 * maxUnread {
		now = now.Add(cycle)
		l.sent(now, false)
		l.expire(now)
	}
	l.expire(now.Add(2 * DefaultWait))
	outcomes := l.outcomes(nil)
	if len(outcomes) != maxUnread || !outcomes[maxUnread-1].Sent.Equal(now) {
		t.Errorf("%d outcomes, want the newest %d", len(outcomes), maxUnread)
	}
}

// A connection that was never tried on the line has no outcome; one without an answer is lost.
func TestOutcomesOfConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		connect := func(ctx context.Context, _ netip.AddrPort) knock {
			switch second := time.Since(begin) / time.Second; {
			case second < 10:
				return knock{err: syscall.ENETUNREACH}
			case second < 20:
				return unanswered(ctx)
			}
			return answered(20 * time.Millisecond)
		}
		books := knockFor(t, 40*time.Second-1, connect)
		var want []bool
		for second := 10; second < 40; second++ {
			want = append(want, second < 20)
		}
		var lost []bool
		for _, o := range books.outcomes(nil) {
			lost = append(lost, o.Lost)
		}
		if !slices.Equal(lost, want) {
			t.Errorf("lost %v, want %v", lost, want)
		}
	})
}
