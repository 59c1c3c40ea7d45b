package measure

import (
	"slices"
	"testing"
	"time"
)

// read is an arrival that the kernel noted at one moment and somebody read later.
func read(number uint64, noted, at time.Time) arrival {
	return arrival{number: number, noted: noted.Round(0), read: at}
}

func checkCount(t *testing.T, got, want PingCounts) {
	t.Helper()
	if got != want {
		t.Errorf("counted\n%+v, want\n%+v", got, want)
	}
}

func TestTakeGivesEachReplyOnce(t *testing.T) {
	t.Parallel()
	l, now := newLedger(DefaultWait), time.Now()
	if got := l.take(nil); len(got) != 0 {
		t.Errorf("replies before there are any: %v", got)
	}
	l.sent(now, false)
	l.sent(now.Add(cycle), false)
	later := now.Add(time.Second)
	l.received(read(1, now.Add(cycle+9*time.Millisecond), later), &stall{})
	l.received(read(0, now.Add(70*time.Millisecond), later), &stall{})
	got := l.take(make([]Reply, 0, 2))
	want := []Reply{
		{RTT: 9 * time.Millisecond, Sent: now.Add(cycle), At: now.Add(cycle + 9*time.Millisecond)},
		{RTT: 70 * time.Millisecond, Sent: now, At: now.Add(70 * time.Millisecond)},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if again := l.take(got[:0]); len(again) != 0 {
		t.Errorf("the same replies twice: %v", again)
	}
	checkCount(t, l.count(), PingCounts{Sent: 2, Received: 2})
}

// A late answer has its true time; one that comes when its echo is lost has none.
func TestLateLostAndDuplicate(t *testing.T) {
	t.Parallel()
	l, now := newLedger(DefaultWait), time.Now()
	for range 3 {
		l.sent(now, false)
	}
	for _, rtt := range []time.Duration{1400 * time.Millisecond, 1500 * time.Millisecond} {
		at := now.Add(rtt)
		l.received(read(0, at, at), &stall{})
	}
	l.expire(now.Add(DefaultWait))
	end := now.Add(DefaultWait + 1)
	l.received(read(1, end, end), &stall{})
	l.expire(end)
	l.received(read(2, end, end), &stall{})
	got := l.take(nil)
	if len(got) != 1 || got[0].RTT != 1400*time.Millisecond || !got[0].Sent.Equal(now) {
		t.Errorf("got %v", got)
	}
	checkCount(t, l.count(), PingCounts{Sent: 3, Received: 1, Late: 1, Lost: 2, Duplicates: 1})
}

// Where this machine may be what was late there is a reply, and no round-trip time.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	now := time.Now()
	at := now.Add(30 * time.Millisecond)
	paused := stall{from: now, until: at, late: 20 * time.Millisecond}
	tests := []struct {
		name  string
		vague bool
		stall stall
		a     arrival
		want  bool
	}{
		{name: "all is well", a: read(0, at, at)},
		{name: "read late", a: read(0, at, at.Add(time.Second))},
		{name: "sent nobody knows when", vague: true, a: read(0, at, at), want: true},
		{name: "the machine stood still", stall: paused, a: read(0, at, at), want: true},
		{name: "the clock was set back", a: read(0, at.Add(time.Hour), at), want: true},
		{name: "the clock was set ahead", a: read(0, at.Add(-time.Hour), at), want: true},
	}
	for _, tt := range tests {
		l := newLedger(DefaultWait)
		l.sent(now, tt.vague)
		l.received(tt.a, &tt.stall)
		got := l.take(nil)
		if len(got) != 1 || got[0].LeftOut != tt.want || tt.want != (got[0].RTT == 0) {
			t.Errorf("%s: %+v", tt.name, got)
		}
		var out uint64
		if tt.want {
			out = 1
		}
		checkCount(t, l.count(), PingCounts{Sent: 1, Received: 1, LeftOut: out})
	}
}

func TestRepliesThatNobodyTakes(t *testing.T) {
	t.Parallel()
	l, now := newLedger(DefaultWait), time.Now()
	const n = maxUnread + 10
	for i := range n {
		l.sent(now, false)
		at := now.Add(time.Duration(i))
		l.received(arrival{number: uint64(i), read: at}, &stall{until: now.Add(-time.Hour)})
	}
	got := l.take(nil)
	if len(got) != maxUnread || got[0].RTT != 10 || got[maxUnread-1].RTT != n-1 {
		t.Errorf("got %d replies, from %v to %v", len(got), got[0].RTT, got[len(got)-1].RTT)
	}
	checkCount(t, l.count(), PingCounts{Sent: n, Received: n, Untaken: 10})
}

func TestTakeDoesNotAllocate(t *testing.T) {
	// Not parallel: allocations are counted for the whole process.
	l, now := newLedger(cycle), time.Now()
	replies := make([]Reply, 0, 8)
	allocs := testing.AllocsPerRun(500, func() {
		number := l.next()
		l.sent(now, false)
		l.received(arrival{number: number, read: now}, &stall{})
		replies = l.take(replies[:0])
		now = now.Add(cycle)
		l.expire(now)
	})
	if allocs >= 1 {
		t.Errorf("%v allocations a reply", allocs)
	}
}
