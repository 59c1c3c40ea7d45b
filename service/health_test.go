package service_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// ails fails the test unless the problems are for these reasons.
func ails(t *testing.T, when string, problems []service.Problem, reasons ...service.Reason) {
	t.Helper()
	var got []service.Reason
	for _, problem := range problems {
		if problem.Message == "" {
			t.Errorf("%s: %s has no message", when, problem.Reason)
		}
		got = append(got, problem.Reason)
	}
	if diff := cmp.Diff(reasons, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: reasons (-want +got):\n%s", when, diff)
	}
}

// A lock that another process keeps is no trouble for half a minute, however long ago the last
// commit was.
func TestStuckBehindALock(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		s := rtt(t, w)
		write(t, w, numbered(s, 0, 0)...)
		after(time.Hour)
		ails(t, "idle for an hour", w.Health())

		release := filetest.Lock(t, path)
		w.Record(numbered(s, 1, 1)...)
		after(29 * time.Second)
		ails(t, "after 29 s", w.Health())
		after(2 * time.Second)
		ails(t, "after 31 s", w.Health(), service.WriterStuck)
		release()
		after(10 * time.Second)
		ails(t, "when the lock is free", w.Health())
	})
}

// With long intervals more patience is due.
func TestStuckAfterTenIntervals(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path, CommitInterval: time.Minute}, quiet())
		release := filetest.Lock(t, path)
		w.Record(numbered(rtt(t, w), 0, 0)...)
		after(599 * time.Second)
		ails(t, "before ten intervals", w.Health())
		after(2 * time.Second)
		ails(t, "after ten intervals", w.Health(), service.WriterStuck)
		release()
		after(2 * time.Minute)
		ails(t, "when the lock is free", w.Health())
	})
}

// A writer that commits now and then is not stuck, though samples wait all the time.
func TestBusyWriterIsNotStuck(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		s := rtt(t, w)
		for i := range 300 {
			w.Record(service.Sample{Series: s, Time: time.Now(), Value: float64(i)})
			after(250 * time.Millisecond)
			ails(t, "while recording", w.Health())
		}
	})
}

// A disk that hangs holds the goroutine of the writer, here by the hook that it calls.
func TestStuckInAStep(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		goOn := make(chan struct{})
		options := quiet()
		options.Watchdog = func() {
			if hangs.Load() {
				<-goOn
			}
		}
		w := open(t, service.Config{DBPath: path}, options)
		hangs.Store(true)
		ended := make(chan error, 1)
		go func() {
			_, err := w.Maintain(t.Context())
			ended <- err
		}()
		after(29 * time.Second)
		ails(t, "after 29 s", w.Health())
		after(2 * time.Second)
		ails(t, "after 31 s", w.Health(), service.WriterStuck)
		hangs.Store(false)
		close(goOn)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		ails(t, "when the step has ended", w.Health())
	})
}

func TestDiskFullForCommits(t *testing.T) {
	path := filetest.Path(t)
	disk := diskOf(t, path)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		s := rtt(t, w)
		disk.SetCapacity(128 << 10)
		w.Record(numbered(s, 0, 9_999)...)
		after(2 * time.Second)
		ails(t, "when there is no room", w.Health(), service.DiskFull)
		want(t, w.Status().LastError, service.ErrDiskFull)
		after(time.Minute)
		ails(t, "a minute later", w.Health(), service.WriterStuck, service.DiskFull)
		disk.SetCapacity(0)
		after(2 * time.Second)
		ails(t, "when there is room again", w.Health())
		if got := w.Status().Accepted; got != 10_000 {
			t.Errorf("%d samples accepted, want all 10000", got)
		}
	})
}

// That a small commit still finds room says nothing of maintenance, which needs more.
func TestDiskFullForMaintenance(t *testing.T) {
	path := filetest.Path(t)
	disk := diskOf(t, path)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		s := rtt(t, w)
		write(t, w, run(s, 3000, time.Now().Add(-time.Minute), time.Second)...)
		disk.SetCapacity(1)
		_, err := w.Maintain(t.Context())
		want(t, err, service.ErrDiskFull)
		ails(t, "when there is no room", w.Health(), service.DiskFull)
		disk.SetCapacity(0)
		write(t, w, numbered(s, 0, 0)...)
		ails(t, "after a commit", w.Health(), service.DiskFull)
		if _, err := w.Maintain(t.Context()); err != nil {
			t.Error(err)
		}
		ails(t, "after a pass", w.Health())
	})
}

func TestMaintenanceOverdue(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, silent())
		after(time.Hour)
		ails(t, "after an hour", w.Health())
		if age := time.Since(w.Status().Maintained); age > time.Minute {
			t.Errorf("the last pass was %s ago, want a minute at most", age)
		}
		release := filetest.Lock(t, path)
		after(2 * time.Minute)
		ails(t, "after two passes that failed", w.Health())
		after(2 * time.Minute)
		ails(t, "after four passes that failed", w.Health(), service.MaintenanceOverdue)
		release()
		after(time.Minute)
		ails(t, "after a pass", w.Health())
	})
}

func TestMaintenanceThatNobodyWantsIsNotOverdue(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		after(24 * time.Hour)
		ails(t, "after a day", w.Health())
	})
}

func TestHealthOfAClosedWriter(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, silent())
		shut(t, w)
		after(time.Hour)
		ails(t, "after the close", w.Health())
	})
}

// A reader tells from the file whether somebody looks after it.
func TestHealthOfAFile(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{DBPath: path}, quiet())
		h := history(t, path)
		s := rtt(t, w)
		look := func(when string, reasons ...service.Reason) {
			t.Helper()
			problems, err := h.Health(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ails(t, when, problems, reasons...)
		}
		look("a new file")
		begin := time.Now()
		write(t, w, numbered(s, 0, 0)...)
		after(5 * time.Minute)
		write(t, w, service.Sample{Series: s, Time: begin.Add(5 * time.Minute), Value: 1})
		look("five minutes without maintenance")
		after(time.Minute)
		write(t, w, service.Sample{Series: s, Time: begin.Add(6 * time.Minute), Value: 1})
		look("six minutes without maintenance", service.MaintenanceOverdue)
		if _, err := w.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		look("after a pass")
		after(time.Hour)
		look("when nobody has recorded for an hour")
	})
}
