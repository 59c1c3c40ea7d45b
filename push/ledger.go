package push

import (
	"cmp"
	"slices"
	"time"

	"github.com/wanstore/wanstore/service"
)

// span is a stretch of time, [from, until).
type span struct{ from, until time.Time }

func (s span) empty() bool { return !s.from.Before(s.until) }

// interval is a stretch of time whose buckets of one granularity have been sent.
type interval = service.SentInterval

// ledger is what has been sent to a target, as the file has it: intervals in the order of time. Two
// of one granularity never overlap; a coarser one may, at its ends, where it took the place of
// finer ones that were gone.
type ledger []interval

// change is what a transaction does to the intervals of a target.
type change struct{ removed, added []interval }

const (
	// rewindSpan is how much of what was sent last is sent again after an error of the transport: a
	// receiver that is killed has been seen to lose 13 s.
	rewindSpan = 30 * time.Second

	// mergeAge is the age from which intervals are merged. Younger ones may have to be taken back.
	mergeAge = 2 * rewindSpan

	// mergeSends is the stretch of time whose sends one interval may speak for: one audit asks for
	// all of them.
	mergeSends = time.Hour

	// lastAudit is how often an interval is audited.
	lastAudit = 2
)

// gaps returns what has not been sent of a stretch of time.
func (l ledger) gaps(in span) []span {
	var gaps []span
	at := in.from
	for _, i := range l {
		if i.Sent.IsZero() {
			continue
		}
		if i.From.After(at) && at.Before(in.until) {
			gaps = append(gaps, span{at, earlier(i.From, in.until)})
		}
		at = later(at, i.Until)
	}
	if at.Before(in.until) {
		gaps = append(gaps, span{at, in.until})
	}
	return gaps
}

// with returns the ledger after a change.
func (l ledger) with(c change) ledger {
	after := slices.Clone(l)
	for _, gone := range c.removed {
		after = slices.DeleteFunc(after, func(i interval) bool {
			return i.Granularity == gone.Granularity && i.From.Equal(gone.From)
		})
	}
	after = append(after, c.added...)
	slices.SortFunc(after, func(a, b interval) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Granularity, b.Granularity))
	})
	return after
}

// claim is the change by which a stretch is about to be sent: what appears there from then on is
// marked as unsent, whether the sender still finds it or not. There is none where it was claimed.
func (l ledger) claim(g service.Granularity, s span) change {
	for _, i := range l {
		if i.Granularity == g && !s.from.Before(i.From) && !i.Until.Before(s.until) {
			return change{}
		}
	}
	return l.send(g, s, time.Time{})
}

// send is the change by which the buckets of a stretch have been sent. What was sent there before
// counts as sent now.
func (l ledger) send(g service.Granularity, s span, now time.Time) change {
	c := l.cutOut(g, s)
	c.added = append(c.added, interval{Granularity: g, From: s.from, Until: s.until, Sent: now})
	return c
}

// pass is the change by which a stretch without buckets needs no sending: there is nothing in it to
// be audited either.
func (l ledger) pass(g service.Granularity, s span, now time.Time) change {
	c := l.cutOut(g, s)
	c.added = append(c.added, interval{Granularity: g, From: s.from, Until: s.until, Sent: now,
		Confirmed: now, Audits: lastAudit})
	return c
}

// passed reports that nothing was sent of an interval: no audit confirms at once.
func passed(i interval) bool { return !i.Confirmed.IsZero() && i.Confirmed.Equal(i.Sent) }

// cutOut is the change that takes a stretch out of the intervals of a granularity.
func (l ledger) cutOut(g service.Granularity, s span) change {
	var c change
	for _, i := range l {
		if i.Granularity != g || !i.From.Before(s.until) || !s.from.Before(i.Until) {
			continue
		}
		c.removed = append(c.removed, i)
		if before := i; before.From.Before(s.from) {
			before.Until = s.from
			c.added = append(c.added, before)
		}
		if after := i; s.until.Before(after.Until) {
			after.From = s.until
			c.added = append(c.added, after)
		}
	}
	return c
}

// touch is the change by which what was sent in some stretches counts as sent now, and is audited
// again.
func (l ledger) touch(g service.Granularity, stretches []span, now time.Time) change {
	after := l
	for _, s := range stretches {
		c := after.cutOut(g, s)
		for _, i := range c.removed {
			again := interval{Granularity: g,
				From: later(i.From, s.from), Until: earlier(i.Until, s.until)}
			if !i.Sent.IsZero() {
				again.Sent = now
			}
			c.added = append(c.added, again)
		}
		after = after.with(c)
	}
	return l.become(after)
}

// become is the change that makes another ledger of this one.
func (l ledger) become(other ledger) change {
	var c change
	for _, i := range l {
		if !slices.Contains(other, i) {
			c.removed = append(c.removed, i)
		}
	}
	for _, i := range other {
		if !slices.Contains(l, i) {
			c.added = append(c.added, i)
		}
	}
	return c
}

// merged is a change after which neighbours become one.
func (l ledger) merged(c change, now time.Time) change {
	after := l.with(c)
	return l.become(after.with(after.merge(now)))
}

// lastSent is when anything was sent last, zero where nothing was. What a clock that was ahead has
// noted does not count.
func (l ledger) lastSent(now time.Time) time.Time {
	var last time.Time
	for _, i := range l {
		if !i.Sent.After(now) && !passed(i) {
			last = later(last, i.Sent)
		}
	}
	return last
}

// rewind is the change by which the last sends are to be sent again, and those that a clock has
// noted that was ahead.
func (l ledger) rewind(now time.Time) change {
	var c change
	last := l.lastSent(now)
	if last.IsZero() {
		return c
	}
	since := last.Add(-rewindSpan)
	for _, i := range l {
		if !i.Sent.Before(since) && i.Confirmed.IsZero() {
			c.removed = append(c.removed, i)
		}
	}
	return c
}

// setRight is the change by which what was sent in the future, by a clock that was ahead, was sent
// now.
func (l ledger) setRight(now time.Time) change {
	var c change
	for _, i := range l {
		if i.Sent.After(now.Add(rewindSpan)) {
			c.removed = append(c.removed, i)
			i.Sent = now
			c.added = append(c.added, i)
		}
	}
	return c
}

// merge is the change that makes one of neighbours that an audit may ask for together.
func (l ledger) merge(now time.Time) change {
	var c change
	old := l.lastSent(now).Add(-mergeAge)
	for _, g := range granularities {
		var last *interval
		joined := 0
		end := func() {
			if joined > 1 {
				c.added = append(c.added, *last)
			} else if joined == 1 {
				c.removed = c.removed[:len(c.removed)-1]
			}
			last, joined = nil, 0
		}
		for _, i := range l {
			young := i.Confirmed.IsZero() && !i.Sent.Before(old)
			if i.Granularity != g || i.Sent.IsZero() || young {
				continue
			}
			if last == nil || !mergeable(*last, i) {
				end()
				one := i
				last = &one
			} else {
				join(last, i)
			}
			c.removed = append(c.removed, i)
			joined++
		}
		end()
	}
	return c
}

// join makes one of an interval and the next one. What nothing was sent of says nothing of when the
// rest was.
func join(into *interval, next interval) {
	into.Until = next.Until
	switch {
	case passed(next) && !passed(*into):
	case passed(*into) && !passed(next):
		into.Sent, into.Confirmed = next.Sent, next.Confirmed
	default:
		into.Sent = later(into.Sent, next.Sent)
		into.Confirmed = later(into.Confirmed, next.Confirmed)
	}
}

// granularities are those of the file.
var granularities = [...]service.Granularity{
	service.Raw, service.Minute, service.FiveMinutes, service.Hour,
}

// mergeable reports that an interval and the next one of its granularity can be one. Before the
// last audit both were sent in the same hour, and what an audit has had sent again stays apart from
// what was sent once: of that nothing was missing yet.
func mergeable(a, b interval) bool {
	if !a.Until.Equal(b.From) || a.Audits != b.Audits || a.Confirmed.IsZero() != b.Confirmed.IsZero() {
		return false
	}
	sameHour := a.Sent.Truncate(mergeSends).Equal(b.Sent.Truncate(mergeSends))
	return a.Audits >= lastAudit || sameHour && isLate(a) == isLate(b)
}

// isLate reports that an interval was sent so late that it may have been sent again for an audit.
func isLate(i interval) bool { return i.Sent.Sub(i.Until) >= auditAge }
