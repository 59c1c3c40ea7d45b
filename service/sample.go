package service

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Series is a handle on a series. Its names have been checked and its labels sorted once, so that
// recording to it is cheap. It belongs to the writer that has returned it, and to all other writers
// of the file in this process, until the last of them is closed.
type Series struct {
	stored *repo.Series
	owner  *core
}

// String returns the series for people to read: metric, WAN and the labels, if there are any, as
// JSON.
func (s *Series) String() string {
	key := s.stored.Key
	if key.Labels == "{}" {
		return fmt.Sprintf("%s of WAN %s", key.MetricName, key.WANName)
	}
	return fmt.Sprintf("%s of WAN %s with labels %s", key.MetricName, key.WANName, key.Labels)
}

// Sample is one measurement of a series. Time is kept to the microsecond.
type Sample struct {
	Series *Series   // of the writer that the sample is given to
	Time   time.Time // when it was measured
	Value  float64   // finite, and within ±MaxValue
}
