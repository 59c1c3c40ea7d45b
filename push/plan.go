package push

import (
	"slices"
	"time"

	"github.com/wanstore/wanstore/service"
)

// work is what is to be sent next.
type work struct {
	granularity service.Granularity
	span        span
	// marks are the buckets to be sent of an hour whose others were sent; nil for all of the span.
	marks []service.UnsentBuckets
	// cleared are marks that need no sending: what they stand for is part of the backlog, or gone.
	cleared []service.UnsentBuckets
	replay  bool // it is part of a backlog
}

// planning settles what is to be sent next.
type planning struct {
	granularity service.Granularity // that was asked for
	tiers       [service.Hour + 1]service.TierSpan
	ledger      ledger
	begun       time.Time
	due         time.Time // buckets that end later have not settled yet
	order       Order
	held        time.Time // where the work begins of which the receiver took nothing; zero for none
}

// freshRaw is how much of the newest raw samples goes before a backlog.
const freshRaw = 10 * time.Second

// width is that of the buckets that were asked for.
func (p *planning) width() time.Duration {
	if p.granularity == service.Raw {
		return freshRaw
	}
	return p.granularity.Bucket()
}

// end is where what can be sent ends.
func (p *planning) end() time.Time {
	if p.granularity == service.Raw {
		return p.due.Truncate(time.Second)
	}
	return earlier(p.due, p.tiers[p.granularity].Until).Truncate(p.width())
}

// floor is where the oldest of the tiers begins that what is sent can come from.
func (p *planning) floor() time.Time {
	floor := p.tiers[service.Hour].From
	for g := p.granularity; g < service.Hour; g++ {
		floor = earlier(floor, p.tiers[g].From)
	}
	return floor
}

// gaps returns what is to be sent, oldest first.
func (p *planning) gaps() []span {
	if p.begun.Unix() <= 0 {
		return nil // there is nothing yet
	}
	return p.ledger.gaps(span{later(p.begun, p.floor()), p.end()})
}

// next returns what is to be sent next, given what is marked. There is nothing if ok is false.
func (p *planning) next(marks []service.UnsentBuckets) (w work, ok bool) {
	gaps := p.gaps()
	marked, isMarked := p.marked(marks)
	if len(marked.cleared) > 0 {
		return marked, true
	}
	w, ok = p.oldest(gaps, marked, isMarked)
	oldestHeld := !p.held.IsZero() && !p.held.After(w.span.from)
	if p.held.IsZero() || oldestHeld { // else the newest is held, and it is the oldest's turn
		if fresh, ok := p.fresh(gaps, isMarked, oldestHeld); ok {
			return fresh, true
		}
	}
	return w, ok
}

// oldest returns the oldest work.
func (p *planning) oldest(gaps []span, marked work, isMarked bool) (w work, ok bool) {
	if len(gaps) == 0 || isMarked && marked.span.from.Before(gaps[0].from) {
		return marked, isMarked
	}
	w = p.segment(gaps[0])
	w.replay = w.span.from.Before(p.end().Add(-2 * p.width()))
	return w, true
}

// fresh returns the newest bucket, if others wait before it. While those are held, it is the newest
// that waits, also where it is old.
func (p *planning) fresh(gaps []span, isMarked, held bool) (work, bool) {
	if p.order == OldestFirst || len(gaps) == 0 {
		return work{}, false
	}
	newest := gaps[len(gaps)-1]
	s := span{newest.until.Add(-p.width()), newest.until}
	others := isMarked || gaps[0].from.Before(s.from)
	if !others || newest.from.After(s.from) || !held && s.until.Before(p.end()) {
		return work{}, false
	}
	if s.from.Before(p.tiers[p.granularity].From) {
		return work{}, false
	}
	return work{granularity: p.granularity, span: s}, true
}

// segment returns the beginning of a gap that one tier has: the one that was asked for or, where
// its buckets are gone, the finest that has coarser ones.
func (p *planning) segment(gap span) work {
	g := p.granularity
	for g < service.Hour && gap.from.Before(p.tiers[g].From) {
		g++
	}
	if g == p.granularity {
		return work{granularity: g, span: gap}
	}
	return work{granularity: g, span: span{
		gap.from.Truncate(g.Bucket()),
		roundUp(earlier(gap.until, p.tiers[g-1].From), g.Bucket()),
	}}
}

func roundUp(t time.Time, width time.Duration) time.Time {
	if down := t.Truncate(width); down.Before(t) {
		return down.Add(width)
	}
	return t
}

// marked returns the marked buckets of the first hour. Those that are part of a gap are cleared,
// and so are those whose tier has let go of them.
func (p *planning) marked(marks []service.UnsentBuckets) (w work, ok bool) {
	for len(marks) > 0 && !ok && len(w.cleared) == 0 {
		w, marks = p.hour(marks)
		ok = len(w.marks) > 0
	}
	return w, ok
}

// hour returns what is to be done for the marks of the first hour, and the other marks.
func (p *planning) hour(marks []service.UnsentBuckets) (w work, rest []service.UnsentBuckets) {
	first := marks[0]
	n := slices.IndexFunc(marks, func(m service.UnsentBuckets) bool {
		return !m.Hour.Equal(first.Hour) || m.Granularity != first.Granularity
	})
	if n < 0 {
		n = len(marks)
	}
	w = work{granularity: first.Granularity, replay: true,
		span: span{first.Hour, first.Hour.Add(time.Hour)}}
	waits := p.sentMinutes(first.Granularity, first.Hour)
	for _, m := range marks[:n] {
		if send := m.Minutes & waits; send != 0 {
			m := m
			m.Minutes = send
			w.marks = append(w.marks, m)
		}
		if rest := m.Minutes &^ waits; rest != 0 {
			m.Minutes = rest
			w.cleared = append(w.cleared, m)
		}
	}
	return w, marks[n:]
}

// sentMinutes returns the minutes of an hour that were sent at a granularity and are still there.
func (p *planning) sentMinutes(g service.Granularity, hour time.Time) uint64 {
	var minutes uint64
	for n := range 60 {
		at := hour.Add(time.Duration(n) * time.Minute)
		if at.Before(p.tiers[g].From) {
			continue
		}
		for _, i := range p.ledger {
			if i.Granularity == g && !i.Sent.IsZero() && at.Before(i.Until) &&
				i.From.Before(at.Add(time.Minute)) {
				minutes |= 1 << n
				break
			}
		}
	}
	return minutes
}

// wanted returns what picks the marked buckets, nil for all.
func (w *work) wanted() func(service.Bucket) bool {
	if w.marks == nil {
		return nil
	}
	minutes := map[int64]uint64{}
	for _, m := range w.marks {
		minutes[m.SeriesID] |= m.Minutes
	}
	all := minutes[0]
	return func(b service.Bucket) bool {
		bit := uint64(1) << int(b.Time.Sub(w.span.from)/time.Minute)
		return (minutes[b.SeriesID]|all)&bit != 0
	}
}
