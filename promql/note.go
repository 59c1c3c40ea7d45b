package promql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser/posrange"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/wanstore/wanstore/service"
)

// note is an annotation of an answer: a warning or an info, by what it wraps. It has the methods by
// which Prometheus gives annotations their position.
type note struct {
	at    posrange.PositionRange
	err   error
	query string
}

func newNote(kind error, at posrange.PositionRange, format string, args ...any) *note {
	return &note{at: at, err: fmt.Errorf("%w: %s", kind, fmt.Sprintf(format, args...))}
}

// Error returns the text, with its position once the expression is known.
func (n *note) Error() string {
	if n.query == "" {
		return n.err.Error()
	}
	return fmt.Sprintf("%s (%s)", n.err, n.at.StartPosInput(n.query, 0))
}

// Unwrap returns what tells warnings from infos.
func (n *note) Unwrap() error { return n.err }

// SetQuery says which expression the position is in.
func (n *note) SetQuery(query string) { n.query = query }

// Merge keeps one of two notes with the same text.
func (n *note) Merge(error) error { return n }

// distorted are functions that have another meaning over means than over samples.
var distorted = []string{
	"rate", "irate", "increase", "resets", "changes",
	"stddev_over_time", "stdvar_over_time", "mad_over_time",
}

// coarseNote tells that buckets answer where the question would have needed something finer, which
// is gone or would be too much.
func (r reading) coarseNote(tiers []service.Granularity, tooMuch bool) *note {
	names := make([]string, len(tiers))
	for i, g := range tiers {
		names[i] = g.String()
	}
	of, where := strings.Join(names, " and "), "where nothing finer is left"
	if tooMuch {
		where = "since finer ones are gone or too many"
	}
	info, warning := annotations.PromQLInfo, annotations.PromQLWarning
	switch {
	case r.column == instants:
		return newNote(info, r.position(),
			"the selector has the means of buckets of %s %s", of, where)
	case r.column.rewritten():
		return newNote(info, r.position(),
			"windows of %s have even shares of buckets of %s %s", r.function, of, where)
	case r.function == noFunction:
		return newNote(info, r.position(),
			"the range has the means of buckets of %s where no samples are left", of)
	case slices.Contains(distorted, r.function):
		return newNote(warning, r.position(), "%s is that of the means of buckets of %s where no "+
			"samples are left, which differs from that of the samples", r.function, of)
	}
	return newNote(info, r.position(),
		"%s is that of the means of buckets of %s where no samples are left", r.function, of)
}

// sketchlessNote tells why there are no quantiles.
func (r reading) sketchlessNote() *note {
	return newNote(annotations.PromQLWarning, r.position(),
		"some buckets keep no percentiles, so %s has no value over them", r.function)
}

// shadowedNote tells that a real metric has the name of a virtual one.
func (r reading) shadowedNote(name string) *note {
	return newNote(annotations.PromQLWarning, r.position(),
		"the history has a metric %s of its own, which hides the shares of the states", name)
}
