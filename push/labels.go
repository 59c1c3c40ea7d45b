package push

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// What receivers take. VictoriaMetrics drops a sample with more or longer labels and answers as if
// it had been stored.
const (
	maxLabels     = 40 // the name of the metric included
	maxNameBytes  = 256
	maxValueBytes = 4096
)

// Labels that a receiver gets of every series.
const (
	nameLabel        = "__name__"
	siteLabel        = "site"
	wanLabel         = "wan"
	stateLabel       = "state"       // of a ratio
	granularityLabel = "granularity" // of buckets that are coarser than those asked for
)

// labelSet gathers the labels of a series, those first that must not be lost.
type labelSet struct {
	labels []label
	taken  map[string]bool
}

// add adds a label, cut to what a receiver takes. One without a value is none: receivers drop it.
func (s *labelSet) add(name, value string) {
	name, value = clamp(name, maxNameBytes), clamp(value, maxValueBytes)
	if value == "" || s.taken[name] || len(s.labels) == maxLabels {
		return
	}
	if s.taken == nil {
		s.taken = map[string]bool{}
	}
	s.taken[name] = true
	s.labels = append(s.labels, label{name, value})
}

// addOwn adds a label of the series itself. Where its name is taken it is renamed as Prometheus
// renames the labels of what it scrapes.
func (s *labelSet) addOwn(name, value string) {
	for s.taken[name] || reserved(name) {
		name = "exported_" + name
	}
	s.add(name, value)
}

// reserved reports names of labels that only some series get: one name must mean one thing.
func reserved(name string) bool {
	return name == siteLabel || name == stateLabel || name == granularityLabel
}

// sorted returns the labels in the order of their names.
func (s *labelSet) sorted() []label {
	slices.SortFunc(s.labels, byName)
	return s.labels
}

func byName(a, b label) int { return cmp.Compare(a.name, b.name) }

// clamp cuts a text to so many bytes, between two characters.
func clamp(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
