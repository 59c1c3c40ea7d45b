package push

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/wanstore/wanstore/service"
)

const (
	// auditAgain is how long a difference has to last before it counts.
	auditAgain = 15 * time.Second

	// auditPause is how long an audit waits between two queries.
	auditPause = 20 * time.Millisecond

	// auditSamples is about how many samples a query counts, in a day at the most.
	auditSamples = 1_000_000
)

// auditing is the audit of an interval.
type auditing struct {
	sender   *Sender
	ask      asker
	catalog  catalog
	interval interval

	confirmed int64
	doubled   int64
	missing   []missing
	answers   bool // the target answers queries
	asked     bool // it was
	gone      bool // the file has let go of some
}

// missing is what a target does not have of a series in an hour.
type missing struct {
	*expected
	window  span
	samples int64
}

// run compares the interval, and has sent again what is missing.
func (a *auditing) run(ctx context.Context) error {
	if !a.answers { // acknowledged, and not taken back since
		return a.end(ctx)
	}
	err := a.sender.reader.view(ctx, func(view *service.Snapshot) error {
		return a.catalog.update(ctx, view)
	})
	if err != nil {
		return err
	}
	for from := a.interval.From; from.Before(a.interval.Until); {
		until, err := a.compareFrom(ctx, from)
		if err != nil {
			return err
		}
		from = until
	}
	return a.end(ctx)
}

// compareFrom compares the beginning of what is left of the interval, and returns where that ends.
func (a *auditing) compareFrom(ctx context.Context, from time.Time) (time.Time, error) {
	window := span{from, earlier(a.interval.Until, from.Truncate(time.Hour).Add(a.width()))}
	e, next, err := a.expect(ctx, window)
	if err != nil || len(e.names) == 0 {
		return next, err
	}
	a.asked = true
	different, err := a.compare(ctx, e, nil)
	if err != nil || len(different) == 0 {
		return window.until, err
	}
	sleep(ctx, auditAgain)
	if different, err = a.compare(ctx, e, different); err != nil {
		return window.until, err
	}
	if window.until.Sub(from.Truncate(time.Hour)) <= time.Hour {
		a.missing = append(a.missing, different...)
		return window.until, nil
	}
	return window.until, a.compareHours(ctx, window, different)
}

// width is how much time a query asks for.
func (a *auditing) width() time.Duration {
	width := max(a.interval.Granularity.Bucket(), 100*time.Millisecond)
	buckets := auditSamples / max(len(a.catalog.series), 1)
	return min(max((time.Duration(buckets)*width).Truncate(time.Hour), time.Hour), 24*time.Hour)
}

// compareHours finds out in which hours of a window something is missing.
func (a *auditing) compareHours(ctx context.Context, window span, of []missing) error {
	for from := window.from; from.Before(window.until); {
		hour := span{from, earlier(window.until, from.Truncate(time.Hour).Add(time.Hour))}
		from = hour.until
		e, _, err := a.expect(ctx, hour)
		if err != nil {
			return err
		}
		var again []missing
		for _, m := range of {
			key, _ := labelKey(m.series.encoded)
			if one := e.names[m.series.name][key]; one != nil {
				again = append(again, missing{one, hour, one.samples})
			}
		}
		if len(again) == 0 {
			continue
		}
		if again, err = a.compare(ctx, e, again); err != nil {
			return err
		}
		a.missing = append(a.missing, again...)
	}
	return nil
}

// expect counts what the file has in a window, as far as it still has it, and says where the next
// one begins: what is empty is passed over at once.
func (a *auditing) expect(
	ctx context.Context, window span,
) (e expectation, next time.Time, err error) {
	next = window.until
	err = a.sender.reader.view(ctx, func(view *service.Snapshot) error {
		if floor := view.Tiers()[a.interval.Granularity].From; window.from.Before(floor) {
			a.gone = true
			window.from = earlier(floor, window.until)
		}
		e, err = a.catalog.expect(ctx, view, a.sender.place.target, a.interval, window)
		if err != nil || len(e.names) > 0 || !next.Before(a.interval.Until) {
			return err
		}
		after := service.BucketQuery{Series: view.Series(), Granularity: a.interval.Granularity,
			Until: next}
		next, err = firstAfter(ctx, view, after, a.interval.Until,
			unitOf(a.interval.Granularity, nil))
		return err
	})
	return e, next, err
}

// compare asks the target for what is expected, of all series or of some, and returns those of
// which it has less.
func (a *auditing) compare(
	ctx context.Context, e expectation, only []missing,
) ([]missing, error) {
	names := slices.Sorted(maps.Keys(e.names))
	if only != nil {
		names = slices.DeleteFunc(names, func(name string) bool {
			return !slices.ContainsFunc(only, func(m missing) bool { return m.series.name == name })
		})
	}
	var different []missing
	for _, name := range names {
		list, err := a.ask.count(ctx, name, a.matchers(), a.asking(e.window))
		if err != nil {
			return nil, err
		}
		has, err := e.counts(list)
		if err != nil {
			return nil, err
		}
		less := e.less(name, has)
		if only == nil {
			a.count(e, name, has)
		} else {
			less = slices.DeleteFunc(less, func(m missing) bool {
				same := func(o missing) bool { return o.expected == m.expected }
				return !slices.ContainsFunc(only, same)
			})
		}
		different = append(different, less...)
		sleep(ctx, auditPause)
	}
	return different, context.Cause(ctx)
}

// asking is the range of the query about a window. Before version 3, Prometheus counts a sample at
// the very beginning of a range, too: that would be the last bucket before the window.
func (a *auditing) asking(window span) span {
	if a.interval.Granularity != service.Raw {
		window.from = window.from.Add(time.Millisecond)
	}
	return window
}

// matchers pick the series of this sender at the granularity of the interval.
func (a *auditing) matchers() []label {
	labels := a.sender.config.fixed()
	if a.interval.Granularity == a.sender.granularity {
		return append(labels, label{granularityLabel, ""})
	}
	return append(labels, label{granularityLabel, a.interval.Granularity.String()})
}

// count counts what a target has of a metric.
func (a *auditing) count(e expectation, name string, has map[string]int64) {
	for key, one := range e.names[name] {
		a.confirmed += max(min(has[key], one.samples), 0)
		a.doubled += doubled(a.interval.Granularity, e.window, has[key])
	}
}

// doubled is how many samples are more than a window can have buckets.
func doubled(g service.Granularity, window span, has int64) int64 {
	if g == service.Raw {
		return 0
	}
	first := window.from.Truncate(g.Bucket())
	return max(has-int64(roundUp(window.until, g.Bucket()).Sub(first)/g.Bucket()), 0)
}
