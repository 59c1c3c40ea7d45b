package service

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Series is a handle on a series: its names have been checked and its labels sorted once, so that recording to it is cheap.
// It belongs to the writer that returned it, and stays good until that one is closed.
type Series struct {
	stored *repo.Series
	owner  *core
}

// String returns the series in the notation of Prometheus, the WAN as a label.
func (s *Series) String() string {
	return fmt.Sprintf("%s{wan=%q} %s", s.stored.Key.MetricName, s.stored.Key.WANName, s.stored.Key.Labels)
}

// Sample is one measurement of a series. Time is kept to the microsecond.
type Sample struct {
	Series *Series
	Time   time.Time
	Value  float64
}
