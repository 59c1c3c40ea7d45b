package push

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wanstore/wanstore/service"
)

// wasMissing is the reason of a row that says only that samples were missing once, and of those
// that were still missing after they had been sent again.
const wasMissing = "acknowledged, and not there when it was asked for"

// end notes what the audit has found. What is missing is sent again, once.
func (a *auditing) end(ctx context.Context) error {
	s, i := a.sender, a.interval
	now := s.now().UTC().Round(0).Truncate(time.Microsecond)
	var unrepaired int64
	err := s.place.move(ctx, func(l ledger, report *Report) (service.DeliveryChange, error) {
		if !slices.Contains(l, i) {
			return service.DeliveryChange{}, errNothing // it was taken back meanwhile
		}
		var c service.DeliveryChange
		unrepaired = 0
		for _, m := range a.missing {
			row := service.ParkedSamples{
				Granularity: i.Granularity, SeriesID: m.series.series, Name: m.series.name,
				Hour: m.window.from.Truncate(time.Hour), Reason: wasMissing, Refused: now,
			}
			if m.known {
				row.Samples = m.samples
				unrepaired += m.samples
			} else {
				report.Audit.Missing += m.samples
				c.Marked = append(c.Marked, m.mark(i.Granularity))
			}
			c.Parked = append(c.Parked, row)
		}
		report.Audit.Unrepaired += unrepaired
		report.Audit.Doubled += a.doubled
		if i.Audits == 0 {
			report.Confirmed += a.confirmed
		}
		if a.gone {
			report.Audit.Unaudited++
		}
		if a.asked {
			report.Audit.At = now
			report.Audit.Audits++
		}
		moved := l.merged(change{[]interval{i}, a.judged(now)}, now)
		c.Removed, c.Added = moved.removed, moved.added
		return c, nil
	})
	if err == nil && a.asked {
		s.troubles.audited(a.doubled > 0, unrepaired > 0, now)
		if len(a.missing) > 0 {
			s.log.Warn("an audit has found samples missing at the receiver", "from", i.From, "until",
				i.Until, "series", len(a.missing))
		}
	}
	return err
}

// judged returns what an interval becomes by an audit: confirmed but for the buckets of which
// something is missing.
func (a *auditing) judged(now time.Time) []interval {
	i := a.interval
	i.Audits++
	if !a.asked {
		i.Audits = lastAudit // there is nobody to ask, or nothing left to compare
	}
	confirmed := i
	if !a.gone {
		confirmed.Confirmed = now
	}
	var pieces []interval
	for _, open := range a.open() {
		if from := later(open.from, i.From); confirmed.From.Before(from) {
			before := confirmed
			before.Until = from
			pieces = append(pieces, before)
		}
		piece := i
		piece.From, piece.Until = later(open.from, i.From), earlier(open.until, i.Until)
		pieces = append(pieces, piece)
		confirmed.From = piece.Until
	}
	if confirmed.From.Before(confirmed.Until) {
		pieces = append(pieces, confirmed)
	}
	return pieces
}

// open returns the stretches of time of which something is missing, in the order of time. What
// becomes of one once its buckets have been sent again is what touch makes of it.
func (a *auditing) open() []span {
	hours := map[time.Time][]service.UnsentBuckets{}
	for _, m := range a.missing {
		mark := m.mark(a.interval.Granularity)
		hours[mark.Hour] = append(hours[mark.Hour], mark)
	}
	var list []span
	for _, hour := range slices.SortedFunc(maps.Keys(hours), time.Time.Compare) {
		list = append(list, stretches(hours[hour])...)
	}
	return list
}

// mark has all buckets of a series in an hour sent again; of raw samples, those of all series.
func (m *missing) mark(g service.Granularity) service.UnsentBuckets {
	mark := service.UnsentBuckets{
		Granularity: g, SeriesID: m.series.series, Hour: m.window.from.Truncate(time.Hour),
		Minutes: m.minutes,
	}
	if g == service.Raw {
		mark.SeriesID = 0
	}
	return mark
}
