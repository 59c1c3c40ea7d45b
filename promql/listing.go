package promql

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// Selection picks series for a listing.
type Selection struct {
	// Match has selectors such as `wanctl_rtt_ms{wan="a"}`; a series that any of them matches is
	// picked. None picks all.
	Match []string
	// From and Until bound when a series has samples; zero times are no bounds.
	From, Until time.Time
	Limit       int // of what is listed; 0 is none
}

// Series lists the series of a selection, sorted by their labels, and a warning if Limit cut them.
//
// Errors: *ParseError, and those of a history.
func (e *Engine) Series(ctx context.Context, selection Selection) (
	list []labels.Labels, warnings []string, err error,
) {
	return nil, nil, nil
}

// LabelNames lists the names of the labels that the series of a selection have, sorted, and a
// warning if Limit cut them.
//
// Errors: as Series.
func (e *Engine) LabelNames(ctx context.Context, selection Selection) (
	names, warnings []string, err error,
) {
	return nil, nil, nil
}

// LabelValues lists the values that a label has in the series of a selection, sorted, and a
// warning if Limit cut them.
//
// Errors: as Series.
func (e *Engine) LabelValues(ctx context.Context, label string, selection Selection) (
	values, warnings []string, err error,
) {
	return nil, nil, nil
}

// Metadata is what the history says of a metric.
type Metadata struct {
	Metric string
	Type   string // gauge, in Prometheus's word
	Help   string
	Unit   string
}

// Metadata lists what the history says of its metrics, those that it derives from states among
// them, sorted by name.
//
// Errors: those of a history.
func (e *Engine) Metadata(ctx context.Context) ([]Metadata, error) {
	return nil, nil
}
