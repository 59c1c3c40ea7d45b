package service_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// tick lies between two samples, and between two passes of maintenance: longer than by default, for
// the sake of the tests' time.
const tick = 5 * time.Minute

// station records a sample each tick by a clock that may be wrong. The time of the test itself is
// the right one, and goes on as the monotonic clock of a machine does. It is for simulated time.
type station struct {
	t     *testing.T
	path  string
	log   logged
	wrong atomic.Int64 // by how much the clock is ahead, in nanoseconds
	w     *service.Writer
	hours map[int64]int64 // how many samples were taken, by the hour of their own time
}

// start opens the file with a retention of a day.
func (s *station) start() {
	s.t.Helper()
	if s.hours == nil {
		s.hours = map[int64]int64{}
	}
	s.w = open(s.t, service.Config{DBPath: s.path, RetentionDays: 1, MaintenanceInterval: tick},
		service.Options{Logger: s.log.logger(), Now: s.now})
	after(time.Second) // the pass of the start
}

func (s *station) now() time.Time { return time.Now().Add(time.Duration(s.wrong.Load())) }

// ahead makes the clock wrong from now on.
func (s *station) ahead(d time.Duration) { s.wrong.Store(int64(d)) }

// record records for as long as d. What is refused as too old is not counted.
func (s *station) record(d time.Duration) {
	s.t.Helper()
	series := rtt(s.t, s.w)
	for end := time.Now().Add(d); time.Now().Before(end); {
		at, refused := s.now(), s.w.Status().Refused.TooOld
		s.w.Record(service.Sample{Series: series, Time: at, Value: 1})
		after(tick)
		if s.w.Status().Refused.TooOld == refused {
			s.hours[at.Unix()/3600]++
		}
	}
}

// check wants every sample of the hours from since on to be there, and nothing older.
func (s *station) check(since time.Time) {
	s.t.Helper()
	want := map[int64]int64{}
	for hour, n := range s.hours {
		if hour >= since.Unix()/3600 {
			want[hour] = n
		}
	}
	got := map[int64]int64{}
	for _, row := range filetest.Query(s.t, s.path,
		"SELECT timestamp / 3600, sum(count) FROM metrics GROUP BY 1") {
		got[row[0].(int64)] = row[1].(int64)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("samples by hour (-recorded +in the file):\n%s", diff)
	}
}

// floor returns where a tier begins.
func (s *station) floor(granularity string) time.Time {
	s.t.Helper()
	return time.UnixMicro(filetest.Int(s.t, s.path, "SELECT floor FROM tiers WHERE granularity = ?",
		granularity))
}

// deletesBy wants deleting to go by a moment: the raw tier begins an hour before it, or, by the
// last pass and the buckets of 1m, up to two ticks and a bit earlier.
func (s *station) deletesBy(moment time.Time) {
	s.t.Helper()
	want := moment.Add(-time.Hour)
	if floor := s.floor("raw"); floor.After(want) || floor.Before(want.Add(-2*tick-time.Minute)) {
		s.t.Errorf("raw samples begin at %s, want their age of an hour at %s", floor.UTC(), moment.UTC())
	}
}

// doubts wants the clock to be in doubt by so much, or up to a tick and a bit more; 0 for a clock
// that is believed.
func (s *station) doubts(jump time.Duration) {
	s.t.Helper()
	status := s.w.Status()
	if d := status.ClockDoubt - jump; d < -time.Minute || d > tick+time.Minute || jump == 0 && d != 0 {
		s.t.Errorf("the clock is in doubt by %s, want %s", status.ClockDoubt, jump)
	}
	if status.DeletesAgain.IsZero() != (jump == 0) {
		s.t.Errorf("deleting goes on at %s, though the clock is in doubt by %s", status.DeletesAgain,
			jump)
	}
	if got := status.LastPass; got.ClockDoubt != status.ClockDoubt ||
		!got.DeletesAgain.Equal(status.DeletesAgain) || got.Err != nil {
		s.t.Errorf("the report says %s until %s with error %v, the status %s until %s",
			got.ClockDoubt, got.DeletesAgain, got.Err, status.ClockDoubt, status.DeletesAgain)
	}
}

// logs wants so many warnings and other lines about the clock since the last call.
func (s *station) logs(warnings, others int) {
	s.t.Helper()
	lines := s.log.lines()
	for _, line := range lines {
		switch {
		case !strings.Contains(line, "clock"):
		case strings.HasPrefix(line, "WARN"):
			warnings--
		default:
			others--
		}
	}
	if warnings != 0 || others != 0 {
		s.t.Errorf("logged %q: %d warnings and %d other lines about the clock are missing", lines,
			warnings, others)
	}
}

// simulate runs a test of a station in simulated time.
func simulate(t *testing.T, test func(*station)) {
	t.Helper()
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		test(&station{t: t, path: path})
	})
}
