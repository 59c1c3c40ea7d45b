package property

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wanstore/wanstore/service"
)

// question is a query as the oracle answers it.
type question struct {
	from, until, step micros
	only              int // a tier, or every
	series            []int
}

const every = -1

// served says which row of which tier speaks for a moment, and at which point of the result: the
// coarsest tier whose bucket divides the step, up to where it is complete; then finer ones; and
// before its floor coarser ones, each row a point.
func (o *oracle) served(q question, ts micros) (g int, row, point micros, ok bool) {
	if q.only != every {
		row = ts.down(widths[q.only])
		return q.only, row, row, ts >= o.tiers[q.only].floor &&
			(q.only == raw || ts < o.tiers[q.only].watermark)
	}
	base := q.base()
	edge := o.tiers[base].floor
	if ts < edge {
		for g := base + 1; g < tierCount; g++ {
			if ts >= o.tiers[g].floor {
				return g, ts.down(widths[g]), ts.down(widths[g]), true
			}
		}
		return 0, 0, 0, false
	}
	for g = base; g > raw && ts >= o.tiers[g].watermark.down(widths[g]); g-- {
		continue
	}
	return g, ts.down(widths[g]), max(ts.down(q.step), edge), true
}

func (q question) base() int {
	for g := oneHour; g > raw; g-- {
		if q.step > 0 && q.step%widths[g] == 0 {
			return g
		}
	}
	return raw
}

// asked says whether a moment that tier g serves lies in the range, which begins with a whole
// point, and ends with a whole bucket.
func (o *oracle) asked(q question, g int, ts micros) bool {
	begin := widths[g]
	if q.only == every && ts >= o.tiers[q.base()].floor {
		begin = q.step
	}
	return ts >= q.from.down(begin) && ts < q.until.up(widths[g])
}

// rowsOf returns the samples that a question is about, by the row that speaks for them.
func (o *oracle) rowsOf(q question) map[place]*bucket {
	rows := map[place]*bucket{}
	for _, s := range o.accepted {
		g, row, _, ok := o.served(q, s.ts)
		if ok && o.asked(q, g, s.ts) && slices.Contains(q.series, s.series) {
			put(rows, place{s.series, row}, s.value)
		}
	}
	return rows
}

// points is the answer to a question.
func (o *oracle) points(q question) []service.Point {
	type key struct {
		ts     micros
		series int
	}
	buckets := map[key]*bucket{}
	coarsest := map[key]int{}
	for _, s := range o.accepted {
		g, _, point, ok := o.served(q, s.ts)
		if !ok || !o.asked(q, g, s.ts) || !slices.Contains(q.series, s.series) {
			continue
		}
		at := key{point, s.series}
		put(buckets, at, s.value)
		coarsest[at] = max(coarsest[at], g)
	}
	keys := slices.SortedFunc(maps.Keys(buckets), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(o.rank(a.series), o.rank(b.series)))
	})
	points := make([]service.Point, 0, len(keys))
	for _, at := range keys {
		points = append(points, o.point(at.series, at.ts, buckets[at], coarsest[at]))
	}
	return points
}

func (o *oracle) point(series int, ts micros, b *bucket, g int) service.Point {
	one := world[series]
	return service.Point{
		SeriesID: o.id(series), Aggregation: one.aggregation(),
		Time: ts.time(), Metric: one.metric, WAN: one.wan, Labels: one.shown(), Value: b.value(one.mode),
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
		points = append(points, o.point(series, s.ts, b, raw))
	}
	return points
}

// summaries is the answer to a question, a series a line.
func (o *oracle) summaries(q question) []service.Summary {
	totals := map[int]*bucket{}
	last := map[int]place{}
	rows := o.rowsOf(q)
	for key, row := range rows {
		if was, ok := last[key.series]; !ok || key.ts > was.ts {
			last[key.series] = key
		}
		total, ok := totals[key.series]
		if !ok {
			total = &bucket{}
			totals[key.series] = total
		}
		total.merge(row)
	}
	list := make([]service.Summary, 0, len(totals))
	for _, series := range o.order {
		if total, ok := totals[series]; ok {
			list = append(list, o.summary(q, series, total, last[series], rows[last[series]]))
		}
	}
	return list
}

func (o *oracle) summary(
	q question, series int, total *bucket, last place, row *bucket,
) service.Summary {
	one := world[series]
	s := service.Summary{
		Metric: one.metric, WAN: one.wan, Labels: one.shown(), Aggregation: one.aggregation(),
		Count: total.count, Min: total.min, Max: total.max, Avg: total.value(false),
		Last: row.value(one.mode), LastTime: last.ts.time(),
	}
	if newest, err := o.newest(series); err == nil && newest.ts >= last.ts && newest.ts < q.until {
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
