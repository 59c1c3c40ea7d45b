package report_test

import (
	"math"
	"testing"
	"time"

	"github.com/wanstore/wanstore/report"
	"github.com/wanstore/wanstore/service"
)

// Samples that come more slowly than once a minute speak for all of the time, whatever buckets are
// left: a day is the same in buckets of a minute as in those of an hour, and an outage is one.
func TestSlowPace(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 3, 31, 12, 0, 0, 0, time.UTC)
	for _, pace := range []time.Duration{
		70 * time.Second, 2 * time.Minute, 5 * time.Minute, 7 * time.Minute,
	} {
		t.Run(pace.String(), func(t *testing.T) {
			t.Parallel()
			query := month(t, "2025-03", "UTC", now)
			f := newFile(t, now)
			from, until := now.Add(-3*time.Hour), now.Add(-time.Hour)
			for at := now.AddDate(0, 0, -20); at.Before(now.Add(-pace)); at = at.Add(pace) {
				f.add(t, service.RateDownload, "cable", at, 80)
				if !at.Before(from) && at.Before(until) {
					f.add(t, service.State, "cable", at, 3)
					continue
				}
				f.add(t, service.State, "cable", at, 0)
				f.add(t, service.RTT, "cable", at.Add(pace/2), 20)
			}
			made := f.make(t, query)
			checkSums(t, made)
			cable := made.WANs[0]
			for day := 12; day <= 30; day++ {
				one := cable.Days[day-1]
				if math.Abs(*one.Download-864) > 9 {
					t.Errorf("day %d: %v GB, want 864", day, *one.Download)
				}
				if off := one.Measured - 24*time.Hour; off.Abs() > 15*time.Minute {
					t.Errorf("day %d: %s measured", day, one.Measured)
				}
			}
			checkSlowOutage(t, cable, from, until, pace)
		})
	}
}

func checkSlowOutage(t *testing.T, wan report.WAN, from, until time.Time, pace time.Duration) {
	t.Helper()
	if len(wan.Outages) != 1 {
		t.Fatalf("%d outages: %+v", len(wan.Outages), wan.Outages)
	}
	one := wan.Outages[0]
	if one.From.Sub(from).Abs() > 2*pace || one.Until.Sub(until).Abs() > 2*pace ||
		one.WorstRTT == nil {
		t.Errorf("%+v, want %s to %s", one, from, until)
	}
}
