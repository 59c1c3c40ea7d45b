package service

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Series is a handle on a series: its names have been checked and its labels sorted once, so that
// recording to it is cheap. It belongs to the writer that returned it, and stays good until that
// one is closed.
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
	Series *Series
	Time   time.Time
	Value  float64
}
