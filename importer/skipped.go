package importer

import (
	"encoding/json"
	"errors"
)

// Skipped counts the rows that an import has left out, by cause. Nobody is at fault, and they stop
// nothing.
type Skipped struct {
	// Of CSV: rows that lie where the history holds rolled-up data of their series.
	RolledUp int64

	// Of a database of wanctl:
	// A label holds other labels or a list, or did so before wanctl has aggregated the row: that of
	// its configuration.
	NestedLabels int64
	NullLabels   int64 // a label is null
	OtherLabels  int64 // a label is a number or a truth value, or the labels are no JSON object
	LongLabels   int64 // they have more than 4096 bytes
	Aggregated   int64 // rows of which the history has something in their span already
}

// Total returns the number of rows.
func (s *Skipped) Total() int64 {
	return s.RolledUp + s.NestedLabels + s.NullLabels + s.OtherLabels + s.LongLabels + s.Aggregated
}

func (s *Skipped) add(more Skipped) {
	s.RolledUp += more.RolledUp
	s.NestedLabels += more.NestedLabels
	s.NullLabels += more.NullLabels
	s.OtherLabels += more.OtherLabels
	s.LongLabels += more.LongLabels
	s.Aggregated += more.Aggregated
}

// cause returns the counter of why a row is no sample, nil if the row is a bad one.
func (s *Skipped) cause(reason error) *int64 {
	switch {
	case errors.Is(reason, errHeld):
		return &s.Aggregated
	case errors.Is(reason, errSnapshot):
		return &s.NestedLabels
	case errors.Is(reason, errLongLabels):
		return &s.LongLabels
	case errors.Is(reason, errOtherJSON):
		return &s.OtherLabels
	}
	label, ok := errors.AsType[*labelError](reason)
	if !ok {
		return nil
	}
	switch label.value.(type) {
	case nil:
		return &s.NullLabels
	case json.Delim:
		return &s.NestedLabels
	default:
		return &s.OtherLabels
	}
}

// snapshotMetric is no measurement: its labels hold wanctl's configuration.
const snapshotMetric = "wanctl_config_snapshot"

// Why labels of a row of wanctl make no series.
var (
	errLongLabels = errors.New("labels of more than 4096 bytes")
	errSnapshot   = errors.New("a snapshot of the configuration of wanctl")
	errOtherJSON  = errors.New("labels that are JSON, but no object")
)
