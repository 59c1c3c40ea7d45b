package promql

import (
	"fmt"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// ReservedLabel is the label by which the parser tells the storage what a selector is read for. It
// is in no history and in no answer, and no expression may name it.
const ReservedLabel = "__wanstore__"

// column is the figure of a bucket that a selector is read for.
type column string

const (
	instants column = "instants" // the mean or mode, at each moment
	means    column = "means"    // the mean or mode, for functions that take what samples were
	sums     column = "sums"
	counts   column = "counts"
	averages column = "averages" // the negative means of windows that lie apart
	minima   column = "minima"
	maxima   column = "maxima"
	samples  column = "samples" // those of windows, if no window has buckets
	// The distributions of buckets, if any window has buckets: of measurements, and of states; and the
	// buckets that keep none.
	sketches      column = "sketches"
	stateSketches column = "stateSketches"
	sketchless    column = "sketchless"
)

// ofSketches reports that a column is made from sketches.
func (c column) ofSketches() bool { return c.isSketches() || c == sketchless }

// isSketches reports that a column is sketches, and no numbers.
func (c column) isSketches() bool { return c == sketches || c == stateSketches }

// rewritten reports that a column answers a function that the parser has rewritten.
func (c column) rewritten() bool { return c != instants && c != means }

// evaluation is how the moments of evaluation of a selector follow from those of the query.
type evaluation string

const (
	stepped  evaluation = "stepped"  // at each step of the query
	subquery evaluation = "subquery" // at whole multiples of the step of a subquery
	fixed    evaluation = "fixed"    // once, by an @
)

// reading is what a selector is read for.
type reading struct {
	column     column
	evaluation evaluation
	offset     int64  // of the selector, in milliseconds
	window     int64  // of averages, in milliseconds
	function   string // that the user has called, noFunction if none
	start, end int    // where the call or the selector is in the expression
}

const noFunction = "-"

// unknownOffset stands for one that the engine computes later. No bucket is aligned to it.
const unknownOffset = 1

// matcher is the reading as a matcher. It is no equality: absent() makes labels of those.
func (r reading) matcher() *labels.Matcher {
	value := fmt.Sprintf("%s %s %s %d %d %d %d",
		r.column, r.function, r.evaluation, r.offset, r.window, r.start, r.end)
	return labels.MustNewMatcher(labels.MatchRegexp, ReservedLabel, value)
}

// readingOf takes the reading out of matchers. What was parsed elsewhere has none.
func readingOf(matchers []*labels.Matcher) (r reading, others []*labels.Matcher, tagged bool) {
	for _, m := range matchers {
		if m.Name != ReservedLabel {
			others = append(others, m)
			continue
		}
		_, err := fmt.Sscanf(m.Value, "%s %s %s %d %d %d %d",
			&r.column, &r.function, &r.evaluation, &r.offset, &r.window, &r.start, &r.end)
		tagged = err == nil
	}
	return r, others, tagged
}

func (r reading) position() posrange.PositionRange {
	return posrange.PositionRange{Start: posrange.Pos(r.start), End: posrange.Pos(r.end)}
}
