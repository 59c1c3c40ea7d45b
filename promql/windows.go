package promql

import (
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/wanstore/wanstore/service"
)

// instant is how fine the moments of one evaluation are: finer than any bucket.
const instant int64 = 1

// granule returns the greatest width, in milliseconds, that divides the time at all edges of what a
// selector is asked for: the ends of the windows, or the moments of an instant selector.
func (r reading) granule(hints *storage.SelectHints, lookback int64) int64 {
	switch {
	case r.column == means:
		return instant // such functions want samples where they can have them
	case r.column == instants && (r.evaluation == fixed || hints.Step == 0):
		return instant
	case r.evaluation == subquery:
		return gcd(gcd(hints.Step, r.offset), hints.Range)
	case r.column == instants:
		return gcd(hints.Start+lookback-1, hints.Step)
	case r.evaluation == fixed:
		return gcd(hints.Start-1, hints.Range)
	}
	return gcd(gcd(hints.Start-1, hints.Step), hints.Range)
}

// ofWindows returns the hints that the ranges would have of which a selector has the means.
func (r reading) ofWindows(hints *storage.SelectHints, lookback int64) *storage.SelectHints {
	ranges := *hints
	ranges.Start += lookback - r.window
	ranges.Range = r.window
	return &ranges
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, -a)
}

// segment is a stretch of time, [from, until) in milliseconds, that one tier answers for.
type segment struct {
	tier        service.Granularity
	from, until int64
	cut         bool // edges may lie within its buckets
}

func (s segment) width() int64 { return s.tier.Bucket().Milliseconds() }

// layout says which tier answers when.
type layout struct {
	segments []segment           // oldest first, without gap or overlap
	base     service.Granularity // see layOut
	// halfOpen reports that buckets and samples are counted alike: a window is [t-r, t), and a sample
	// on an edge belongs to the later one.
	halfOpen bool
}

// layOut lays tiers out: from below the floor of the base tier the coarser ones, whose buckets
// edges may cut; then the base; from its watermark on the finer ones. The base is the coarsest tier
// that the granule of the question is a multiple of, and that has anything, or one that is coarser
// yet if it is the finest to be read.
func layOut(
	tiers [service.Hour + 1]service.TierSpan, granule int64, finest service.Granularity,
) layout {
	fits := service.Raw
	for g := service.Hour; g > service.Raw && fits == service.Raw; g-- {
		if granule%g.Bucket().Milliseconds() == 0 && !tiers[g].IsEmpty() {
			fits = g
		}
	}
	base := max(fits, finest)
	var list []segment
	add := func(g service.Granularity, from, until int64) {
		if from < until {
			list = append(list, segment{tier: g, from: from, until: until, cut: g > fits})
		}
	}
	for g := service.Hour; g > base; g-- {
		add(g, tiers[g].From.UnixMilli(), tiers[g-1].From.UnixMilli())
	}
	begin := tiers[base].From.UnixMilli()
	for g := base; g > service.Raw; g-- {
		end := max(tiers[g].Until.UnixMilli(), begin)
		add(g, begin, end)
		begin = end
	}
	add(service.Raw, begin, latest)
	return layout{segments: list, base: base, halfOpen: fits > service.Raw}
}

// The times of a history, far beyond those that it keeps, in milliseconds.
const (
	latest   int64 = 1e13
	earliest       = -latest
)

// clip returns the layout of [from, until), widened to whole buckets.
func (l layout) clip(from, until int64) layout {
	from, until = max(from, earliest), min(until, latest)
	var list []segment
	for _, s := range l.segments {
		begin := from
		if width := s.width(); width > 0 {
			begin -= mod(from, width)
		}
		s.from, s.until = max(s.from, begin), min(s.until, until)
		if s.from < s.until {
			list = append(list, s)
		}
	}
	l.segments = list
	return l
}

// raw reports that samples alone answer.
func (l layout) raw() bool {
	for _, s := range l.segments {
		if s.tier != service.Raw {
			return false
		}
	}
	return true
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

// share returns the width into which the buckets of a segment are shared out, for windows of a
// width. Where edges cut buckets, that is the granule if it is not too fine, else a sixtieth of a
// bucket or of a window, whichever is wider, but never wider than a window. Sketches cost more than
// numbers and get a tenth.
func (s segment) share(c column, granule, window int64) int64 {
	width := s.width()
	if !s.cut || width == 0 {
		return width
	}
	if c == means && window >= 2*width {
		return width // repeated means add nothing
	}
	parts := int64(60)
	if c.ofSketches() {
		parts = 10
	}
	wanted := max(min(max(width, window)/parts, window, width), 1)
	if fits := gcd(granule, width); fits >= wanted {
		return fits
	}
	for width%wanted != 0 {
		wanted--
	}
	return wanted
}

func millis(ms int64) time.Time { return time.UnixMilli(ms) }
