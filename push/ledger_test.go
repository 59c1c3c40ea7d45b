package push

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/service"
)

func minute(n int) time.Time { return time.Unix(int64(n)*60, 0).UTC() }

func minutes(from, until int) span { return span{minute(from), minute(until)} }

// oracle is what a ledger says, minute by minute: when each was sent last.
type oracle map[int]time.Time

const oracleMinutes = 60

func (o oracle) check(t *rapid.T, l ledger) {
	t.Helper()
	got := oracle{}
	for _, i := range l {
		if !i.From.Before(i.Until) {
			t.Fatalf("an empty interval: %v", i)
		}
		for n := range oracleMinutes {
			if at := minute(n); !at.Before(i.From) && at.Before(i.Until) {
				if _, twice := got[n]; twice {
					t.Fatalf("minute %d is in two intervals", n)
				}
				got[n] = i.Sent
			}
		}
	}
	uncovered := map[int]bool{}
	for _, gap := range l.gaps(minutes(0, oracleMinutes)) {
		for n := range oracleMinutes {
			if at := minute(n); !at.Before(gap.from) && at.Before(gap.until) {
				uncovered[n] = true
			}
		}
	}
	for n := range oracleMinutes {
		want, sent := o[n]
		have, covered := got[n]
		if sent != covered || sent == uncovered[n] {
			t.Fatalf("minute %d: sent %v, in an interval %v, in a gap %v", n, sent, covered, uncovered[n])
		}
		if have.Before(want) {
			t.Fatalf("minute %d was sent at %v, the interval says %v", n, want, have)
		}
	}
}

// Whatever is sent, taken back and merged, the intervals say of each minute whether it was sent.
func TestLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l ledger
		model, now := oracle{}, time.Unix(1e9, 0).UTC()
		last, rewound := time.Time{}, false
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				from := rapid.IntRange(0, oracleMinutes-1).Draw(t, "from")
				until := rapid.IntRange(from+1, oracleMinutes).Draw(t, "until")
				now = now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second)
				l = l.with(l.send(service.Minute, minutes(from, until), now))
				for n := from; n < until; n++ {
					model[n] = now
				}
				last, rewound = now, false
			},
			"rewind": func(t *rapid.T) {
				if rewound {
					t.Skip("nothing was sent since")
				}
				l = l.with(l.rewind(now))
				for n, sent := range model {
					if !sent.Before(last.Add(-rewindSpan)) {
						delete(model, n)
					}
				}
				rewound = true
			},
			"merge": func(*rapid.T) { l = l.with(l.merge(now)) },
			"":      func(t *rapid.T) { model.check(t, l) },
		})
	})
}

// Sends of a minute each become few intervals, and one once they are audited.
func TestMerge(t *testing.T) {
	var l ledger
	begin := time.Unix(1e9, 0).UTC().Truncate(time.Hour)
	end := begin.Add(24 * time.Hour)
	for n := range 180 {
		l = l.with(l.send(service.Minute, minutes(n, n+1), begin.Add(time.Duration(n)*time.Minute)))
		l = l.with(l.merge(end))
	}
	if len(l) > 5 {
		t.Errorf("%d intervals of three hours, want one an hour and those of the last minute", len(l))
	}
	for i := range l {
		l[i].Audits, l[i].Confirmed = lastAudit, begin
	}
	l = l.with(l.send(service.Minute, minutes(200, 201), begin.Add(200*time.Minute)))
	l = l.with(l.merge(end))
	if len(l) != 2 || !l[0].Until.Equal(minute(180)) {
		t.Errorf("intervals %v", l)
	}
}

// While nothing is recorded, intervals become one, and when something was sent last stays known.
func TestMergeOfNothing(t *testing.T) {
	var l ledger
	begin := time.Unix(1e9, 0).UTC()
	l = l.with(l.send(service.Minute, minutes(0, 1), begin))
	for n := 1; n < 1000; n++ {
		now := begin.Add(time.Duration(n) * time.Minute)
		l = l.with(l.merged(l.pass(service.Minute, minutes(n, n+1), now), now))
	}
	if now := begin.AddDate(0, 0, 1); len(l) != 2 || !l.lastSent(now).Equal(begin) {
		t.Errorf("last sent %s: %v", l.lastSent(now), l)
	}
	if back := l.rewind(begin.AddDate(0, 0, 1)); len(back.removed) != 1 || !passed(l[1]) {
		t.Errorf("taken back: %v", back)
	}
}

// Sends with a minute between them in which nothing was recorded become few intervals, too.
func TestMergeOfSparse(t *testing.T) {
	var l ledger
	begin := minutes(0, 1).from
	for n := range 180 {
		at := minutes(n, n+1)
		now := at.until
		c := l.send(service.Minute, at, now)
		if n%2 == 1 {
			c = l.pass(service.Minute, at, now)
		}
		l = l.with(l.merged(c, now))
	}
	if len(l) > 6 {
		t.Errorf("%d intervals of three hours", len(l))
	}
	if back := l.rewind(begin.AddDate(0, 0, 1)); len(back.removed) != 1 {
		t.Errorf("taken back: %v", back)
	}
}

// A coarser interval covers what finer ones do not.
func TestGapsOfTwoGranularities(t *testing.T) {
	var l ledger
	now := time.Unix(1e9, 0)
	l = l.with(l.send(service.Hour, minutes(0, 60), now))
	l = l.with(l.send(service.Minute, minutes(55, 70), now))
	l = l.with(l.send(service.Minute, minutes(80, 90), now))
	got := l.gaps(minutes(0, 100))
	want := []span{minutes(70, 80), minutes(90, 100)}
	if !slices.Equal(got, want) {
		t.Errorf("gaps %v, want %v", got, want)
	}
}

// A clock that was ahead for a while does not keep the last sends from being taken back. What it
// has noted is taken back with them.
func TestRewindAfterClockWasAhead(t *testing.T) {
	var l ledger
	now := time.Unix(1e9, 0).UTC()
	l = l.with(l.send(service.Minute, minutes(0, 10), now.Add(-time.Hour)))
	l = l.with(l.send(service.Minute, minutes(10, 20), now.AddDate(10, 0, 0)))
	l = l.with(l.send(service.Minute, minutes(20, 30), now))
	l = l.with(l.rewind(now.Add(time.Second)))
	if len(l) != 1 || !l[0].Until.Equal(minute(10)) {
		t.Errorf("left: %v", l)
	}
}
