package service_test

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// silent keeps its log to itself and maintains as it likes.
func silent() service.Options { return service.Options{Logger: slog.New(slog.DiscardHandler)} }

// leaveWork makes a file in which much is due: samples of some hours, none of them rolled up.
func leaveWork(t *testing.T, path string) {
	t.Helper()
	w := open(t, service.Config{DBPath: path}, quiet())
	write(t, w, run(rtt(t, w), 1000, time.Now(), 20*time.Second)...)
	closeHurriedly(t, w)
}

func watermark(t *testing.T, path, granularity string) time.Time {
	t.Helper()
	return time.UnixMicro(filetest.Int(t, path, "SELECT watermark FROM tiers WHERE granularity = ?",
		granularity)).UTC()
}

func TestStartupPass(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		leaveWork(t, path)
		w := open(t, service.Config{DBPath: path}, silent())
		after(time.Second)
		status := w.Status()
		if status.Passes != 1 || status.LastPass.MoreDue || status.LastPass.Err != nil {
			t.Errorf("%d passes, the last one %+v; want one that has done everything", status.Passes,
				status.LastPass)
		}
		// The grace has not passed for the minute before.
		if got, want := watermark(t, path,
			"1m"), time.Now().Add(-10*time.Second).UTC().Truncate(time.Minute); !got.Equal(want) {
			t.Errorf("watermark of 1m is %s, want %s", got, want)
		}
	})
}

// A daemon that starts with a backlog does not keep its cycle waiting for the whole backlog.
func TestStartupBudget(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		leaveWork(t, path)
		var calls atomic.Int64
		options := silent()
		options.Watchdog = func() { calls.Add(1) }
		w := open(t,
			service.Config{DBPath: path, StartupBudget: 3 * time.Millisecond,
				MaintenanceInterval: time.Hour}, options)
		after(time.Second)
		pass := w.Status().LastPass
		if !pass.MoreDue || pass.Err != nil || pass.Steps < 1 || pass.Steps > 5 {
			t.Errorf("%+v; want a pass of a few steps, which leaves work and did not fail", pass)
		}
		if got := calls.Load(); got < int64(pass.Steps) {
			t.Errorf("the watchdog was called %d times in %d steps", got, pass.Steps)
		}
		after(time.Hour + time.Minute) // the next one has no budget
		if status := w.Status(); status.Passes < 2 || status.LastPass.MoreDue {
			t.Errorf("%d passes, the last one %+v; want another one, and nothing more due", status.Passes,
				status.LastPass)
		}
	})
}

func TestMaintenanceInterval(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, MaintenanceInterval: 10 * time.Minute}, silent())
		after(time.Minute)
		atStart := w.Status().Passes
		for hour := range int64(3) {
			after(time.Hour)
			if got, want := w.Status().Passes-atStart, 6*(hour+1); got != want {
				t.Errorf("%d passes in %d hours, want %d", got, hour+1, want)
			}
		}
	})
}

// A bucket is rolled up once it is complete and the grace has passed, not before.
func TestGrace(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t,
			service.Config{DBPath: path, Grace: 20 * time.Second, MaintenanceInterval: time.Second},
			silent())
		minute := time.Now().Truncate(time.Minute).Add(time.Minute)
		time.Sleep(time.Until(minute))
		w.Record(service.Sample{Series: rtt(t, w), Time: minute.Add(-time.Microsecond), Value: 1})
		after(19 * time.Second)
		if got := watermark(t, path, "1m"); got.After(minute.Add(-time.Minute)) {
			t.Errorf("watermark of 1m is %s already", got)
		}
		after(2 * time.Second)
		if got := watermark(t, path, "1m"); !got.Equal(minute) {
			t.Errorf("watermark of 1m is %s, want %s", got, minute.UTC())
		}
		if status := w.Status(); status.Late != 0 || status.Accepted != 1 {
			t.Errorf("%d samples accepted, %d of them late; want 1 and none", status.Accepted, status.Late)
		}
	})
}

func TestNoMaintenance(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		write(t, w, run(rtt(t, w), 10, time.Now(), time.Minute)...)
		before := filetest.Dump(t, path)
		after(24 * time.Hour)
		if got := w.Status().Passes; got != 0 {
			t.Errorf("%d passes, want none", got)
		}
		if diff := cmp.Diff(before, filetest.Dump(t, path)); diff != "" {
			t.Errorf("the file has changed (-before +after):\n%s", diff)
		}
	})
}

// Commits go on while maintenance has work: a sample waits for one step at most.
func TestCommitsBetweenSteps(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		leaveWork(t, path)
		var w *service.Writer
		var s *service.Series
		stuck, accepted := 0, int64(0)
		options := quiet()
		options.Watchdog = func() {
			// In the goroutine of the writer: what it has not committed since the step before is
			// stuck.
			now := w.Status().Accepted
			if now == accepted {
				stuck++
			} else {
				stuck = 0
			}
			accepted = now
			if stuck > 2 {
				t.Errorf("nothing was committed between %d steps", stuck)
			}
			w.Record(run(s, 2, time.Now().Add(time.Duration(accepted)*time.Microsecond),
				time.Nanosecond*500)...)
		}
		w = open(t, service.Config{DBPath: path, CommitSamples: 1, CommitInterval: time.Hour}, options)
		s = series(t, w, service.RTTDelta, "spectrum", nil)
		if _, err := w.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	})
}
