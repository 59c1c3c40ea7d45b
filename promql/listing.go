package promql

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/wanstore/wanstore/service"
)

// Selection picks series for a listing.
type Selection struct {
	// Match has selectors such as `wanctl_rtt_ms{wan="a"}`; a series that any of them matches is
	// picked. None picks all.
	Match []string
	// From leaves out series whose newest sample is older. What their oldest one is, nothing tells,
	// so Until leaves out none. Zero times are no bounds.
	From, Until time.Time
	Limit       int // of what is listed; 0 is none
}

// Series lists the series of a selection, sorted by their labels, and a warning if Limit cut them.
//
// Errors: *ParseError, and those of a history.
func (e *Engine) Series(ctx context.Context, selection Selection) (
	list []labels.Labels, warnings []string, err error,
) {
	err = e.listing(ctx, selection, func(lset labels.Labels) { list = append(list, lset) })
	slices.SortFunc(list, labels.Compare)
	list = slices.CompactFunc(list, labels.Equal)
	list, warnings = limited(list, selection.Limit)
	return list, warnings, err
}

// LabelNames lists the names of the labels that the series of a selection have, sorted, and a
// warning if Limit cut them.
//
// Errors: as Series.
func (e *Engine) LabelNames(ctx context.Context, selection Selection) (
	names, warnings []string, err error,
) {
	err = e.listing(ctx, selection, func(lset labels.Labels) {
		lset.Range(func(l labels.Label) {
			if !slices.Contains(names, l.Name) {
				names = append(names, l.Name)
			}
		})
	})
	names, warnings = limited(sorted(names), selection.Limit)
	return names, warnings, err
}

// LabelValues lists the values that a label has in the series of a selection, sorted, and a
// warning if Limit cut them.
//
// Errors: as Series.
func (e *Engine) LabelValues(ctx context.Context, label string, selection Selection) (
	values, warnings []string, err error,
) {
	err = e.listing(ctx, selection, func(lset labels.Labels) {
		if value := lset.Get(label); value != "" {
			values = append(values, value)
		}
	})
	values, warnings = limited(sorted(values), selection.Limit)
	return values, warnings, err
}

// listing calls f with the labels of each series of a selection.
func (e *Engine) listing(
	ctx context.Context, selection Selection, f func(labels.Labels),
) (err error) {
	ctx, cancel, settings := e.settle(ctx, Settings{})
	defer cancel()
	sets, err := matcherSets(selection.Match)
	if err != nil {
		return err
	}
	q := e.querier(ctx, settings.Lookback)
	defer func() { err = evaluationError(errors.Join(err, q.Close())) }()
	return q.each(ctx, selection.From, sets, f)
}

func matcherSets(match []string) ([][]*labels.Matcher, error) {
	if len(match) == 0 {
		return [][]*labels.Matcher{nil}, nil
	}
	var sets [][]*labels.Matcher
	for _, one := range match {
		if err := checkLength(one); err != nil {
			return nil, err
		}
		matchers, err := NewParser(parser.Options{}).ParseMetricSelector(one)
		if err != nil {
			return nil, parseError(one, err)
		}
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches("") }) {
			return nil, refused(one, 0, len(one), "match[] must contain at least one non-empty matcher")
		}
		sets = append(sets, matchers)
	}
	return sets, nil
}

func limited[T any](list []T, limit int) ([]T, []string) {
	if limit <= 0 || len(list) <= limit {
		return list, nil
	}
	return list[:limit], []string{"results truncated due to limit"} // in Prometheus's words
}

// Metadata is what the history says of a metric.
type Metadata struct {
	Metric string
	Type   string // gauge, in Prometheus's word
	Help   string
	Unit   string
}

// Metadata lists what the history says of the metrics of its series, and of the shares of states,
// sorted by name.
//
// Errors: those of a history.
func (e *Engine) Metadata(ctx context.Context) (list []Metadata, err error) {
	ctx, cancel, settings := e.settle(ctx, Settings{})
	defer cancel()
	q := e.querier(ctx, settings.Lookback)
	defer func() { err = evaluationError(errors.Join(err, q.Close())) }()
	if err := q.open(); err != nil {
		return nil, err
	}
	metrics, err := q.snapshot.Metrics(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range metrics {
		if !q.catalog.names[m.Name] {
			continue
		}
		list = append(list, Metadata{Metric: m.Name, Type: "gauge", Help: m.Help, Unit: m.Unit})
		if m.Aggregation == service.Mode && !q.catalog.names[m.Name+ratio] {
			list = append(list, Metadata{Metric: m.Name + ratio, Type: "gauge",
				Help: "Share of the samples of " + m.Name + " in each state, by the label state."})
		}
	}
	slices.SortFunc(list, func(a, b Metadata) int { return cmp.Compare(a.Metric, b.Metric) })
	return list, nil
}
