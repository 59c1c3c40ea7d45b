package service

import (
	"math"
	"time"

	"github.com/wanstore/wanstore/internal/clock"
	"github.com/wanstore/wanstore/repo"
)

// maxMonths is about as long as a Step can be.
const maxMonths = clock.MaxMonths

// grid cuts time into the stretches that points speak for.
type grid interface {
	// cell returns the stretch that a row of that moment belongs to.
	cell(at repo.Micros) (begin, end repo.Micros)
}

// newGrid returns the grid of a query over the tiers that answer it, oldest first; nil without a
// step, where each row is a point.
func newGrid(query Query, list []segment) grid {
	switch {
	case !query.Stepped():
		return nil
	case query.Months > 0:
		months := query.Months
		return &calendar{zone: query.zone(), size: months, of: clock.MonthOf, start: clock.MonthStart}
	case query.Step%day == 0:
		days := int(query.Step / day)
		return &calendar{zone: query.zone(), size: days, of: clock.DayOf, start: clock.DayStart}
	}
	return newSteps(query.Step, list)
}

// steps is a grid of equal steps, except that where only buckets are left that do not divide the
// step, it is widened to whole buckets: no point is narrower than what was asked for.
type steps []evenly

// evenly is a stretch of cells of one width, in microseconds.
type evenly struct{ from, until, width repo.Micros }

// newSteps cuts where the buckets of the tier before the cut end, at multiples of the step widened
// to those, and a whole step after the cut before at the earliest.
func newSteps(step time.Duration, list []segment) steps {
	var runs steps
	least := max(repo.Micros(step.Microseconds()), 1)
	width := func(s segment) repo.Micros { return least.AlignUp(s.granularity.Bucket()) }
	last := max(list[0].from, -maxMicros/2).Floor(width(list[0]))
	for i, s := range list {
		w := width(s)
		first := last
		if i > 0 {
			first = -(-max(last+least, s.from+1)).Floor(w) // the next multiple
		}
		if first > s.until {
			continue // the cell goes on in the next tier
		}
		if first > last {
			runs = append(runs, evenly{last, first, first - last})
			last = first
		}
		if end := s.until.Floor(w); end > last {
			runs = append(runs, evenly{last, end, w})
			last = end
		}
	}
	return append(runs, evenly{last, math.MaxInt64, least})
}

func (s steps) cell(at repo.Micros) (begin, end repo.Micros) {
	for _, r := range s {
		if at < r.until {
			begin = r.from + (at - r.from).Floor(r.width)
			return begin, begin + r.width
		}
	}
	return at, at // there is a run up to the end of time
}

// calendar is a grid of so many days of a zone, counted from a Monday, or of so many months,
// counted from a January: so weeks begin with the one, and years with the other.
type calendar struct {
	zone  *time.Location
	size  int
	of    func(time.Time, *time.Location) int // the number of the day or month of a moment
	start func(int, *time.Location) time.Time // where the day or month of a number begins

	begin, end repo.Micros // the cell that was found last: rows of one follow each other
}

func (c *calendar) cell(at repo.Micros) (begin, end repo.Micros) {
	if at < c.begin || at >= c.end {
		number := repo.Micros(c.of(at.Time(), c.zone))
		first := int(number.Floor(repo.Micros(c.size)))
		c.begin = repo.MicrosOf(c.start(first, c.zone))
		c.end = repo.MicrosOf(c.start(first+c.size, c.zone))
	}
	return c.begin, c.end
}
