package report

import (
	"time"

	"github.com/wanstore/wanstore/service"
)

// moment is what the buckets of all series of a WAN say of one stretch of time.
type moment struct {
	from, until time.Time
	granularity time.Duration
	red         bool
	answered    bool // there are round-trip times
	longest     float64
}

// outage says that it is one, or a part of one.
func (m moment) outage() bool { return m.red && !m.answered }

// addMoment takes a bucket of a state or of round-trip times.
func (l *line) addMoment(p service.Point) {
	last := len(l.moments) - 1
	if last < 0 || !l.moments[last].from.Equal(p.Time) {
		l.moments = append(l.moments, moment{from: p.Time})
		last++
	}
	m := &l.moments[last]
	m.until = p.Time.Add(p.Width)
	m.granularity = max(m.granularity, p.Granularity.Bucket(), finest)
	switch {
	case p.Metric == service.State:
		m.red = m.red || p.Value == red
	case !m.answered:
		m.answered, m.longest = true, p.Max
	default:
		m.longest = max(m.longest, p.Max)
	}
}

// outages joins the moments that follow each other.
func outages(moments []moment) []Outage {
	var list []Outage
	for i, m := range moments {
		follows := i > 0 && moments[i-1].until.Equal(m.from)
		switch {
		case m.outage() && follows && moments[i-1].outage():
			last := &list[len(list)-1]
			last.Until = m.until
			last.Granularity = max(last.Granularity, m.granularity)
		case m.outage():
			list = append(list, Outage{From: m.from, Until: m.until, Granularity: m.granularity})
			if follows {
				list[len(list)-1].near(moments[i-1])
			}
		case follows && moments[i-1].outage():
			list[len(list)-1].near(m)
		}
	}
	return list
}

// near notes the round-trip times beside an outage.
func (o *Outage) near(m moment) {
	if m.answered && (o.WorstRTT == nil || *o.WorstRTT < m.longest) {
		o.WorstRTT = &m.longest
	}
}
