package report

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/wanstore/wanstore/service"
)

// Outages reads a history and lists the outages of each WAN in the order of time, as far as they
// lie in the range. A WAN whose state is not known anywhere in the range is not in the map. It
// blocks while it reads.
//
// Errors: those of [service.History.Range].
func Outages(
	ctx context.Context, history *service.History, query Query,
) (map[string][]Outage, error) {
	wans := map[string]moments{}
	for point, err := range query.buckets(ctx, history, service.State, service.RTT) {
		if err != nil {
			return nil, err
		}
		wans[point.WAN] = wans[point.WAN].with(point, query.Until)
	}
	list := map[string][]Outage{}
	for wan, one := range wans {
		one.widen(query.Until)
		if slices.ContainsFunc(one, func(m moment) bool { return m.stated }) {
			list[wan] = one.outages()
		}
	}
	return list, nil
}

// buckets yields the buckets of some metrics, of a minute at least, that begin in the range.
func (q Query) buckets(
	ctx context.Context, history *service.History, metrics ...string,
) iter.Seq2[service.Point, error] {
	all := history.Range(ctx, service.Query{
		Filter: service.Filter{WAN: q.WAN, Metrics: metrics},
		From:   q.From, Until: q.Until, Zone: q.Zone, Step: finest,
	})
	return func(yield func(service.Point, error) bool) {
		for point, err := range all {
			// one that began before belongs to the day before
			if (err != nil || !point.Time.Before(q.From)) && !yield(point, err) {
				return
			}
		}
	}
}

// moment is what the buckets of all series of a WAN say of one stretch of time.
type moment struct {
	stretch

	granularity time.Duration
	stated      bool // there are states
	red         bool
	answered    bool // there are round-trip times
	longest     float64
}

// outage says that it is one, or a part of one.
func (m moment) outage() bool { return m.red && !m.answered }

// moments are those of a WAN in the order of time.
type moments []moment

// with adds a bucket of a state or of round-trip times, as far as it lies before the end.
func (list moments) with(p service.Point, end time.Time) moments {
	last := len(list) - 1
	if last < 0 || !list[last].from.Equal(p.Time) {
		width := min(p.Width, end.Sub(p.Time))
		list = append(list, moment{stretch: stretch{from: p.Time, width: width}})
		last++
	}
	m := &list[last]
	m.count = max(m.count, p.Count)
	m.granularity = max(m.granularity, p.Granularity.Bucket(), finest)
	switch {
	case p.Metric == service.State:
		m.stated, m.red = true, m.red || p.Value == red
	case !m.answered:
		m.answered, m.longest = true, p.Max
	default:
		m.longest = max(m.longest, p.Max)
	}
	return list
}

// widen lets moments reach as far as their samples speak for.
func (list moments) widen(end time.Time) {
	stretches := make([]stretch, len(list))
	for i, m := range list {
		stretches[i] = m.stretch
	}
	widen(stretches, end)
	for i := range list {
		list[i].stretch = stretches[i]
	}
}

// outages joins the moments that follow each other.
func (list moments) outages() []Outage {
	var found []Outage
	for i, m := range list {
		follows := i > 0 && list[i-1].until().Equal(m.from)
		switch {
		case m.outage() && follows && list[i-1].outage():
			last := &found[len(found)-1]
			last.Until = m.until()
			last.Granularity = max(last.Granularity, m.granularity)
		case m.outage():
			found = append(found, Outage{From: m.from, Until: m.until(), Granularity: m.granularity})
			if follows {
				noteNear(&found[len(found)-1], list[i-1])
			}
		case follows && list[i-1].outage():
			noteNear(&found[len(found)-1], m)
		}
	}
	return found
}

// noteNear notes the round-trip times beside an outage.
func noteNear(o *Outage, m moment) {
	if m.answered && (o.WorstRTT == nil || *o.WorstRTT < m.longest) {
		o.WorstRTT = &m.longest
	}
}
