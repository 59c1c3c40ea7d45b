package report

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/service"
)

const (
	// red is the value of wanctl_state that an outage has.
	red = 3
	// finest is the width of the finest buckets that are looked at.
	finest = time.Minute
)

// gathering is what a report is made from.
type gathering struct {
	query Query
	first int // the number of the first day
	days  int
	names service.StateNames
	wans  map[string]*line
	order []string
}

// line is what is gathered of one WAN.
type line struct {
	series  map[int64]*series
	order   []*series
	moments moments
	days    []tally
}

func newGathering(query Query) *gathering {
	first := clock.DayOf(query.From, query.Zone)
	last := clock.DayOf(query.Until.Add(-time.Microsecond), query.Zone)
	return &gathering{query: query, first: first, days: last - first + 1, wans: map[string]*line{}}
}

// read asks the history: buckets for what depends on time, and summaries of days for the rest.
func (g *gathering) read(ctx context.Context, history *service.History) error {
	buckets := g.query.buckets(ctx, history,
		service.RateDownload, service.RateUpload, service.State, service.RTT)
	for point, err := range buckets {
		if err != nil {
			return err
		}
		g.line(point.WAN).add(point, g.query.Until)
	}
	days := service.Query{
		Filter: service.Filter{WAN: g.query.WAN,
			Metrics: []string{service.State, service.RTT, service.LossRatio}},
		From: g.query.From, Until: g.query.Until, Zone: g.query.Zone,
		Step: 24 * time.Hour, Quantiles: true,
	}
	summaries, err := history.Summarize(ctx, days)
	if err != nil {
		return err
	}
	for _, summary := range summaries {
		if day := g.day(summary.Time); day >= 0 && day < g.days {
			g.line(summary.WAN).days[day].addSummary(summary)
		}
	}
	metrics, err := history.Metrics(ctx)
	for _, metric := range metrics {
		if metric.Name == service.State {
			g.names = metric.States
		}
	}
	return err
}

// day returns the number of the day, from 0 on, that a moment belongs to.
func (g *gathering) day(at time.Time) int { return clock.DayOf(at, g.query.Zone) - g.first }

func (g *gathering) line(wan string) *line {
	l, ok := g.wans[wan]
	if !ok {
		l = &line{series: map[int64]*series{}, days: make([]tally, g.days)}
		g.wans[wan] = l
		g.order = append(g.order, wan)
	}
	return l
}

// add takes a bucket. Buckets come in the order of time.
func (l *line) add(p service.Point, end time.Time) {
	s, ok := l.series[p.SeriesID]
	if !ok {
		s = &series{metric: p.Metric}
		l.series[p.SeriesID] = s
		l.order = append(l.order, s)
	}
	s.buckets = append(s.buckets, stretch{p.Time, p.Width, p.Count})
	s.values = append(s.values, p.Value)
	if p.Metric == service.State || p.Metric == service.RTT {
		l.moments = l.moments.with(p, end)
	}
}

// report makes the report of a WAN of all that was gathered.
func (l *line) report(name string, g *gathering) WAN {
	l.addBuckets(g)
	l.moments.widen(g.query.Until)
	wan := WAN{Name: name, Outages: l.moments.outages()}
	for _, one := range l.moments {
		if one.outage() {
			l.days[g.day(one.from)].outageTime += one.width
		}
	}
	for _, one := range wan.Outages {
		l.days[g.day(one.From)].outages++
	}
	var total tally
	for i, day := range l.days {
		from := clock.DayStart(g.first+i, g.query.Zone)
		until := clock.DayStart(g.first+i+1, g.query.Zone)
		if until.After(g.query.Until) {
			until = g.query.Until
		}
		if from.Before(until) { // there are days that a zone has left out
			wan.Days = append(wan.Days, day.stretch(from, until, g.names))
			total.merge(day)
		}
	}
	wan.Total = total.stretch(g.query.From, g.query.Until, g.names)
	return wan
}

// addBuckets adds to each day the time that was measured, and the volume at its rates.
func (l *line) addBuckets(g *gathering) {
	measured := map[time.Time]time.Duration{} // of whichever series it is the most
	for _, s := range l.order {
		widen(s.buckets, g.query.Until)
		for i, covered := range s.covered() {
			from := s.buckets[i].from
			measured[from] = max(measured[from], covered)
			l.days[g.day(from)].addRate(s.metric, s.values[i], covered)
		}
	}
	moments := slices.SortedFunc(maps.Keys(measured), time.Time.Compare)
	for i, from := range moments {
		longest := measured[from]
		if i+1 < len(moments) { // series with samples in turn reach over each other
			longest = min(longest, moments[i+1].Sub(from))
		}
		l.days[g.day(from)].measured += longest
	}
}
