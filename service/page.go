package service

import (
	"context"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Page is a part of the answer to a query.
type Page struct {
	// Until is the end of the range: that of the query or, if it is earlier, just after the newest
	// sample of the file. Ask for the next page with this end, and what is recorded meanwhile does
	// not shift it. A sample that comes late, older than the newest one, may shift it by one point.
	Until  time.Time
	Points []Point
	Total  int64 // points of the whole answer
}

// Page returns limit points of a query at most, after the first offset ones, and how many there are
// in all. All come from one snapshot of the file. The further offset reaches, the longer it takes.
//
// Errors: ErrQuery, ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of
// ctx.
func (h *History) Page(ctx context.Context, query Query, limit, offset int) (Page, error) {
	query, err := query.settled()
	if err != nil {
		return Page{}, err
	}
	if limit < 1 || offset < 0 {
		return Page{},
			fmt.Errorf("%w: limit %d and offset %d: want 1 or more, and 0 or more", ErrQuery, limit, offset)
	}
	var page Page
	err = h.read(ctx, query.Filter, func(ctx context.Context, v *view) (err error) {
		page, err = v.page(ctx, query, limit, offset)
		return err
	})
	return page, err
}

func (v *view) page(ctx context.Context, query Query, limit, offset int) (Page, error) {
	newest, err := v.snapshot.NewestMoment(ctx)
	if err != nil {
		return Page{}, err
	}
	if end := (newest + 1).Time(); end.After(query.From) && end.Before(query.Until) {
		query.Until = end
	}
	page := Page{Until: query.Until}
	if query.Stepped() {
		// at both ends one may be a part
		least := max(query.Step, time.Duration(query.Months)*28*day)
		steps := min(int64(query.Until.Sub(query.From)/least)+2, int64(limit))
		page.Points = make([]Point, 0, min(int64(limit), steps*int64(len(v.picked))))
	}
	// Points of a step are counted as they pass. Raw samples may be a great many more than a page:
	// SQL counts them.
	countAll := query.Stepped()
	shared := newDistributions(query.Quantiles)
	err = v.points(ctx, query, shared, func(p Point) bool {
		if page.Total >= int64(offset) && len(page.Points) < limit {
			p.Distribution.hold(shared)
			page.Points = append(page.Points, p)
		}
		page.Total++
		return countAll || len(page.Points) < limit
	})
	if err == nil && !countAll && len(page.Points) == limit {
		page.Total, err = v.count(ctx, query)
	}
	return page, err
}

// count returns how many points a query without a step has.
func (v *view) count(ctx context.Context, query Query) (int64, error) {
	var n int64
	answering := newAnswering(v.snapshot.Tiers, query, nil)
	list := answering.segments
	if last := len(list) - 1; last >= 0 && list[last].granularity == Raw {
		samples, err := v.snapshot.CountSamples(ctx, v.picked,
			repo.Span{From: list[last].from, Until: list[last].until})
		if err != nil {
			return 0, err
		}
		n, answering.segments = samples, list[:last]
	}
	err := v.gather(ctx, answering, false, func(Point) bool {
		n++
		return true
	})
	return n, err
}
