package service

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// MatchType is how a Matcher compares.
type MatchType uint8

// The types of matchers, as PromQL writes them.
const (
	MatchEqual     MatchType = iota // =
	MatchNotEqual                   // !=
	MatchRegexp                     // =~
	MatchNotRegexp                  // !~
)

// String returns the operator: =, !=, =~ or !~.
func (t MatchType) String() string {
	switch t {
	case MatchEqual:
		return "="
	case MatchNotEqual:
		return "!="
	case MatchRegexp:
		return "=~"
	case MatchNotRegexp:
		return "!~"
	}
	return fmt.Sprintf("match type %d", uint8(t))
}

// nameLabel is the label under which Prometheus shows the name of a metric.
const nameLabel = "__name__"

// Matcher picks series by the value of one label, as the matchers of PromQL do. It is safe for any
// number of goroutines.
type Matcher struct {
	Type  MatchType
	Name  string // of the label; __name__ is the metric, wan the WAN
	Value string

	regexp *regexp.Regexp // of the regexp types
}

// NewMatcher returns a matcher. Regular expressions are those of Go, match the whole value, and
// their dot also matches a new line. A label that a series does not have has the value "".
//
// Errors: ErrQuery for a regular expression that is none, or an unknown type.
func NewMatcher(t MatchType, name, value string) (*Matcher, error) {
	m := &Matcher{Type: t, Name: name, Value: value}
	switch t {
	case MatchEqual, MatchNotEqual:
		return m, nil
	case MatchRegexp, MatchNotRegexp:
	default:
		return nil, fmt.Errorf("%w: %s: want one of =, !=, =~ and !~", ErrQuery, t)
	}
	_, err := syntax.Parse(value, syntax.Perl|syntax.DotNL) // alone: )( is none
	if err == nil {
		m.regexp, err = regexp.Compile("^(?s:" + value + ")$")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: label %s: %w", ErrQuery, name, err)
	}
	return m, nil
}

// String returns the matcher as PromQL writes it, such as wan=~"a|b".
func (m *Matcher) String() string { return fmt.Sprintf("%s%s%q", m.Name, m.Type, m.Value) }

// Matches reports whether a label of that value is picked.
func (m *Matcher) Matches(value string) bool {
	switch m.Type {
	case MatchEqual:
		return value == m.Value
	case MatchNotEqual:
		return value != m.Value
	case MatchRegexp:
		return m.regexp.MatchString(value)
	default:
		return !m.regexp.MatchString(value)
	}
}

// matches says that all matchers pick the series.
func (s *SeriesInfo) matches(matchers []*Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(s.label(m.Name)) {
			return false
		}
	}
	return true
}

// label returns the value of a label as exporters show it, "" where there is none.
func (s *SeriesInfo) label(name string) string {
	switch name {
	case nameLabel:
		return s.Metric
	case wanLabel:
		return s.WAN
	}
	return s.Labels[name]
}
