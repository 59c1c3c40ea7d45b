package property

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/wanstore/wanstore/service"
)

// question is a query as the oracle answers it.
type question struct {
	from, until, step micros
	zone              *time.Location // of days
	only              int            // a tier, or every
	months            int            // in place of step
	series            []int
}

const every = -1

// served says which row of which tier speaks for a moment: the coarsest tier whose bucket divides
// the step, up to where it is complete; then finer ones; and before its floor coarser ones.
func (o *oracle) served(q question, ts micros) (g int, row micros, ok bool) {
	if q.only != every {
		return q.only, ts.down(widths[q.only]), ts >= o.tiers[q.only].floor &&
			(q.only == raw || ts < o.tiers[q.only].watermark)
	}
	base := q.base()
	if ts < o.tiers[base].floor {
		for g := base + 1; g < tierCount; g++ {
			if ts >= o.tiers[g].floor {
				return g, ts.down(widths[g]), true
			}
		}
		return 0, 0, false
	}
	for g = base; g > raw && ts >= o.tiers[g].watermark.down(widths[g]); g-- {
		continue
	}
	return g, ts.down(widths[g]), true
}

func (q question) base() int {
	for g := oneHour; g > raw; g-- {
		if q.stepped() && q.step%widths[g] == 0 && (q.step%day != 0 || q.offset()%widths[g] == 0) {
			return g
		}
	}
	return raw
}

// offset is the distance of the zone from UTC, of which the test wants no more than whether it is
// whole hours.
func (q question) offset() micros {
	_, seconds := q.from.time().In(q.zone).Zone()
	return micros(seconds) * second
}

// stretch is the point that a row belongs to.
type stretch struct{ from, until micros }

func (o *oracle) stretch(q question, g int, row micros) stretch {
	switch {
	case q.only != every || !q.stepped():
		return stretch{row, row + widths[g]}
	case q.step%day == 0:
		return q.days(row)
	}
	return o.cut(q, row)
}

func (q question) stepped() bool { return q.step > 0 || q.months > 0 }

// days is the stretch of whole days that holds a moment, counted from a Monday, or of whole months,
// counted from a January.
func (q question) days(ts micros) stretch {
	date := func(at micros) int64 {
		y, m, d := at.time().In(q.zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400 + 3
	}
	n := int64(q.step / day)
	start := func(number int64) micros { // the first second of the day
		noon := micros(number-3)*day - 2*day
		return noon + second*micros(sort.Search(4*86400,
			func(s int) bool { return date(noon+micros(s)*second) >= number }))
	}
	if q.months > 0 {
		y, m, _ := ts.time().In(q.zone).Date()
		january := time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
		first := (y*12 + int(m) - 1) / q.months * q.months
		day := func(month int) int64 {
			return january.AddDate(0, month-y*12, 0).Unix()/86400 + 3
		}
		return stretch{start(day(first)), start(day(first + q.months))}
	}
	first := date(ts) / n * n
	return stretch{start(first), start(first + n)}
}

// cut walks from cut to cut, tier by tier: the next one is a step later at the earliest, where the
// step, widened to whole buckets of the tier that answers before it, has a multiple.
func (o *oracle) cut(q question, row micros) stretch {
	at, begun := micros(0), false
	for g := oneHour; g >= q.base(); g-- {
		from, end := o.tiers[g].floor, endOfTime
		if g > q.base() {
			end = o.tiers[g-1].floor
		}
		if from >= end {
			continue
		}
		width := q.step.up(widths[g])
		if !begun {
			at, begun = from.down(width), true
		}
		next := max(at+q.step, from+1).up(width)
		if next > end {
			continue
		}
		if row < next {
			return stretch{at, next}
		}
		if row < end.down(width) {
			return stretch{row.down(width), row.down(width) + width}
		}
		at = end.down(width)
	}
	panic("a tier goes on to the end of time")
}

const endOfTime = micros(math.MaxInt64)

// asked says whether a row of tier g lies in the range, which begins with a whole point, else with
// a whole bucket or with a day, and ends with a whole bucket.
func (o *oracle) asked(q question, g int, row micros) bool {
	begin := q.from.down(widths[g])
	switch {
	case q.only == every && q.stepped():
		begin = o.stretch(q, g, q.from).from
	case q.midnight():
		begin = q.from
	}
	return row >= begin && row < q.until.up(widths[g])
}

func (q question) midnight() bool {
	h, m, s := q.from.time().In(q.zone).Clock()
	return h+m+s == 0 && q.from%second == 0
}

// rowsOf returns the samples that a question is about, by the row that speaks for them.
func (o *oracle) rowsOf(q question) map[place]*bucket {
	rows := map[place]*bucket{}
	for _, s := range o.accepted {
		g, row, ok := o.served(q, s.ts)
		if ok && o.asked(q, g, row) && slices.Contains(q.series, s.series) {
			put(rows, place{s.series, row}, s.value)
		}
	}
	return rows
}

// points is the answer to a question, and what each point is made of.
func (o *oracle) points(q question) ([]service.Point, []*bucket) {
	type key struct {
		stretch
		series int
	}
	buckets := map[key]*bucket{}
	coarsest := map[key]int{}
	for _, s := range o.accepted {
		g, row, ok := o.served(q, s.ts)
		if !ok || !o.asked(q, g, row) || !slices.Contains(q.series, s.series) {
			continue
		}
		at := key{o.stretch(q, g, row), s.series}
		put(buckets, at, s.value)
		coarsest[at] = max(coarsest[at], g)
	}
	keys := slices.SortedFunc(maps.Keys(buckets), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(o.rank(a.series), o.rank(b.series)))
	})
	points, made := make([]service.Point, 0, len(keys)), make([]*bucket, 0, len(keys))
	for _, at := range keys {
		points = append(points, o.point(at.series, at.stretch, buckets[at], coarsest[at]))
		made = append(made, buckets[at])
	}
	return points, made
}

func (o *oracle) point(series int, at stretch, b *bucket, g int) service.Point {
	one := world[series]
	return service.Point{
		SeriesID: o.id(series), Aggregation: one.aggregation(),
		Time: at.from.time(), Width: time.Duration(at.until-at.from) * time.Microsecond,
		Metric: one.metric, WAN: one.wan, Labels: one.shown(), Value: b.value(one.mode),
		Min: b.min, Max: b.max, Count: b.count, Granularity: service.Granularity(g),
	}
}

// id is that of a series in the file.
func (o *oracle) id(series int) int64 { return int64(o.before + o.rank(series) + 1) }

// rank is the place of a series in the order in which the series were first seen.
func (o *oracle) rank(series int) int { return slices.Index(o.order, series) }

// latest is the newest sample of every series that the file still holds.
func (o *oracle) latest() []service.Point {
	var points []service.Point
	for _, series := range o.order {
		s, err := o.newest(series)
		if err != nil {
			continue
		}
		b := &bucket{}
		b.add(s.value)
		points = append(points, o.point(series, stretch{s.ts, s.ts}, b, raw))
	}
	return points
}

// summaries is the answer to a question, a series a line, and so for each step, and what each line
// is made of.
func (o *oracle) summaries(q question) ([]service.Summary, []*bucket) {
	type key struct {
		stretch
		series int
	}
	totals := map[key]*bucket{}
	last := map[key]place{}
	rows := o.rowsOf(q)
	for at, row := range rows {
		whole := key{stretch{q.from, q.until}, at.series}
		if q.stepped() {
			whole.stretch = o.stretch(q, raw, at.ts)
		}
		if was, ok := last[whole]; !ok || at.ts > was.ts {
			last[whole] = at
		}
		total, ok := totals[whole]
		if !ok {
			total = &bucket{}
			totals[whole] = total
		}
		total.merge(row)
	}
	keys := slices.SortedFunc(maps.Keys(totals), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(o.rank(a.series), o.rank(b.series)))
	})
	list, made := make([]service.Summary, 0, len(totals)), make([]*bucket, 0, len(totals))
	for _, at := range keys {
		list = append(list,
			o.summary(at.stretch, q.until, at.series, totals[at], last[at], rows[last[at]]))
		made = append(made, totals[at])
	}
	return list, made
}

func (o *oracle) summary(
	at stretch, until micros, series int, total *bucket, last place, row *bucket,
) service.Summary {
	one := world[series]
	s := service.Summary{
		Time: at.from.time(), Width: time.Duration(at.until-at.from) * time.Microsecond,
		Metric: one.metric, WAN: one.wan, Labels: one.shown(), Aggregation: one.aggregation(),
		Count: total.count, Min: total.min, Max: total.max, Avg: total.value(false),
		Last: row.value(one.mode), LastTime: last.ts.time(),
	}
	if newest, err := o.newest(series); err == nil && newest.ts >= last.ts &&
		newest.ts < min(until, at.until) {
		s.Last, s.LastTime = newest.value, newest.ts.time()
	}
	if one.mode {
		for _, value := range slices.Sorted(maps.Keys(total.states)) {
			count := total.states[value]
			s.States = append(s.States, service.StateShare{
				Value: value, Count: count, Share: float64(count) / float64(total.count),
			})
		}
	}
	return s
}

func (b *bucket) merge(other *bucket) {
	for value, count := range other.states {
		for range count {
			b.add(value)
		}
	}
}
