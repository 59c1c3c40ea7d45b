package promql

import (
	"iter"
	"regexp"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	upstream "github.com/prometheus/prometheus/promql"
)

// Series is the values of one series in an answer. It needs the Result to be open.
type Series struct {
	labels labels.Labels
	points []upstream.FPoint
}

// HasSeries reports that an answer is about series, a vector or a matrix, and not one number or
// text.
func (r *Result) HasSeries() bool {
	switch r.Value.(type) {
	case upstream.Vector, upstream.Matrix:
		return true
	}
	return false
}

// Text returns the text that an answer is, if it is one, and its moment.
func (r *Result) Text() (text string, at time.Time, ok bool) {
	s, ok := r.Value.(upstream.String)
	return s.V, time.UnixMilli(s.T), ok
}

// Series yields the series of an answer in the order in which it has them. A number is one without
// labels.
func (r *Result) Series() iter.Seq[Series] {
	return func(yield func(Series) bool) {
		switch value := r.Value.(type) {
		case upstream.Matrix:
			for _, series := range value {
				if !yield(Series{series.Metric, series.Floats}) {
					return
				}
			}
		case upstream.Vector:
			for _, sample := range value {
				points := []upstream.FPoint{{T: sample.T, F: sample.F}}
				if !yield(Series{sample.Metric, points}) {
					return
				}
			}
		case upstream.Scalar:
			yield(Series{labels.EmptyLabels(), []upstream.FPoint{{T: value.T, F: value.V}}})
		}
	}
}

const nameLabel = "__name__"

// Labels returns the labels, with the metric as __name__ if the series still has one.
func (s Series) Labels() map[string]string { return s.labels.Map() }

// Points yields the values in the order of time.
func (s Series) Points() iter.Seq2[time.Time, float64] {
	return func(yield func(time.Time, float64) bool) {
		for _, p := range s.points {
			if !yield(time.UnixMilli(p.T), p.F) {
				return
			}
		}
	}
}

// plainName is a metric that PromQL writes before the braces.
var plainName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

// String returns the labels as PromQL writes a selector of them.
func (s Series) String() string {
	name := s.labels.Get(nameLabel)
	if !plainName.MatchString(name) {
		return s.labels.String()
	}
	others := labels.NewBuilder(s.labels).Del(nameLabel).Labels()
	if others.IsEmpty() {
		return name
	}
	return name + others.String()
}
