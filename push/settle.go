package push

import (
	"context"
	"time"

	"github.com/wanstore/wanstore/service"
)

// settle notes what was sent of some work, and what the receiver does not take.
func (s *Sender) settle(ctx context.Context, w work, c chunk, list []parked) error {
	now := s.now().UTC().Round(0).Truncate(time.Microsecond)
	sent := span{c.from, c.until}
	rewound := s.wasSent(sent)
	return s.place.move(ctx, func(l ledger, report *Report) (service.DeliveryChange, error) {
		var change service.DeliveryChange
		size := int64(c.batch.size())
		refused := parkedRows(c.granularity, list, now)
		size += int64(c.alike.size())
		for _, p := range refused {
			size -= p.Samples
		}
		if !rewound { // else it was taken before, and may be refused for being there
			change.Parked = refused
			for _, p := range refused {
				report.Parked += p.Samples
			}
		}
		moved := l.send(c.granularity, sent, now)
		if c.batch.size()+c.alike.size() == 0 {
			moved = l.pass(c.granularity, sent, now)
		}
		if w.marks != nil {
			change.Cleared = upTo(w.marks, c.until)
			moved = l.touch(c.granularity, stretches(change.Cleared), now)
		}
		moved = l.merged(moved, now)
		change.Removed, change.Added = moved.removed, moved.added
		report.Sent += size
		report.Merged += c.merged
		if rewound || w.marks != nil {
			report.Resent += size
		}
		if size > 0 {
			report.LastSuccess = now
		}
		return change, nil
	})
}

// wasSent reports that a stretch was taken back from what had been sent, and forgets that.
func (s *Sender) wasSent(sent span) bool {
	was := false
	var rest []span
	for _, a := range s.again {
		if a.from.Before(sent.until) && sent.from.Before(a.until) {
			was = true
			a.from = later(a.from, sent.until)
		}
		if !a.empty() {
			rest = append(rest, a)
		}
	}
	s.again = rest
	return was
}

// apart cuts a stretch so that each part was taken back as a whole from what had been sent, or not.
func (s *Sender) apart(of span) span {
	for _, a := range s.again {
		switch {
		case a.from.After(of.from):
			of.until = earlier(of.until, a.from)
		case a.until.After(of.from):
			of.until = earlier(of.until, a.until)
		}
	}
	return of
}

// parkedRows is what the file says of samples that a receiver does not take.
func parkedRows(
	g service.Granularity, list []parked, now time.Time,
) []service.ParkedSamples {
	type key struct {
		d    *derived
		hour int64
	}
	rows, index := []service.ParkedSamples(nil), map[key]int{}
	for _, p := range list {
		for _, one := range p.samples {
			hour := time.UnixMilli(one.ts).UTC().Truncate(time.Hour)
			at, known := index[key{p.series, hour.Unix()}]
			if !known {
				at = len(rows)
				index[key{p.series, hour.Unix()}] = at
				rows = append(rows, service.ParkedSamples{
					Granularity: g, SeriesID: p.series.series, Name: p.series.name, Hour: hour,
					Reason: p.words, Refused: now,
				})
			}
			rows[at].Samples++
		}
	}
	return rows
}

// upTo returns the marks of what begins before a moment.
func upTo(marks []service.UnsentBuckets, until time.Time) []service.UnsentBuckets {
	var list []service.UnsentBuckets
	for _, m := range marks {
		if n := int(until.Sub(m.Hour) / time.Minute); n < 60 {
			m.Minutes &= 1<<n - 1
		}
		if m.Minutes != 0 {
			list = append(list, m)
		}
	}
	return list
}

// stretches returns the stretches of time that marks of one hour stand for.
func stretches(marks []service.UnsentBuckets) []span {
	if len(marks) == 0 {
		return nil
	}
	var minutes uint64
	for _, m := range marks {
		minutes |= m.Minutes
	}
	width := max(marks[0].Granularity.Bucket(), time.Minute)
	var list []span
	for n := range 60 {
		if minutes&(1<<n) == 0 {
			continue
		}
		from := marks[0].Hour.Add(time.Duration(n) * time.Minute)
		if last := len(list) - 1; last >= 0 && list[last].until.Equal(from) {
			list[last].until = from.Add(width)
		} else {
			list = append(list, span{from, from.Add(width)})
		}
	}
	return list
}

// expire counts what the file has given up before it was sent, and forgets what was sent of before.
// What an import brings of before all that was to be sent is to be sent as well.
func (s *Sender) expire(ctx context.Context, view *service.Snapshot, p *planning) error {
	floor := p.floor()
	until := p.begun
	if until.Unix() <= 0 {
		until = p.tiers[p.granularity].Until
	}
	first, err := firstBucket(ctx, view, p, span{floor, until})
	if err != nil {
		return err
	}
	if !first.IsZero() {
		p.begun = first
		return s.begun(ctx, first, 0, nil)
	}
	if p.begun.Unix() <= 0 {
		return nil
	}
	if floor.Sub(p.begun) < time.Hour {
		return nil
	}
	var lostTime time.Duration
	for _, gap := range p.ledger.gaps(span{p.begun, floor}) {
		lostTime += gap.until.Sub(gap.from)
	}
	var gone []interval
	for _, i := range p.ledger {
		if !i.Until.After(floor) {
			gone = append(gone, i)
		}
	}
	p.begun = floor
	return s.begun(ctx, floor, int64(lostTime/max(s.granularity.Bucket(), time.Second)), gone)
}

// begun notes where the history begins that can be sent.
func (s *Sender) begun(ctx context.Context, at time.Time, expired int64, gone []interval) error {
	return s.place.move(ctx, func(_ ledger, report *Report) (service.DeliveryChange, error) {
		report.Expired += expired
		for _, i := range gone {
			if i.Audits < lastAudit {
				report.Audit.Unaudited++
			}
		}
		return service.DeliveryChange{Begun: at, Removed: gone, ParkedFrom: at}, nil
	})
}

// firstBucket returns where the oldest bucket of a stretch begins that can be sent, the zero time
// where there is none.
func firstBucket(
	ctx context.Context, view *service.Snapshot, p *planning, of span,
) (time.Time, error) {
	var first time.Time
	for g := p.granularity; g <= service.Hour; g++ {
		query := service.BucketQuery{
			Series: view.Series(), Granularity: g, From: later(of.from, p.tiers[g].From),
			Until: earlier(of.until, p.tiers[g].Until),
		}
		for b, err := range view.Buckets(ctx, query) {
			if err != nil {
				return first, err
			}
			if first.IsZero() || b.Time.Before(first) {
				first = b.Time
			}
			break
		}
	}
	return first, nil
}
