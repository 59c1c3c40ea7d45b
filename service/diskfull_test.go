package service_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/repotest"
	"github.com/wanstore/wanstore/service"
)

// diskOf returns the disk that a file is to lie on.
func diskOf(t *testing.T, path string) *repotest.Disk {
	t.Helper()
	return repotest.NewDisk(t, filepath.Dir(path))
}

// about returns the lines that were logged since the last time about room to write, commits or
// maintenance.
func about(log *logged) []string {
	var lines []string
	for _, line := range log.lines() {
		if strings.Contains(line, "room") && !strings.Contains(line, "queue") ||
			strings.Contains(line, "commit") ||
			strings.Contains(line, "maintenance") || strings.Contains(line, "checkpoint") {
			lines = append(lines, line)
		}
	}
	return lines
}

// A disk that is full for five minutes, with everything that the writer does by itself: it says so
// once, keeps the newest samples, and goes on by itself.
func TestFullDiskForALongTime(t *testing.T) {
	path := filetest.Path(t)
	disk := diskOf(t, path)
	synctest.Test(t, func(t *testing.T) {
		var log logged
		w := open(t, service.Config{DBPath: path, QueueSize: 1000, CommitSamples: 1000},
			service.Options{Logger: log.logger(), TrustClock: true})
		s := rtt(t, w)
		recorded := 0.0
		second := func() { // of 10 Hz
			for range 10 {
				w.Record(service.Sample{Series: s, Time: time.Now(), Value: recorded})
				recorded++
				after(100 * time.Millisecond)
			}
		}
		for range 90 {
			second()
		}
		disk.SetCapacity(1) // whatever makes a file longer fails
		for range 300 {
			second()
		}
		want(t, w.Write(t.Context(), numbered(s, 1, 1)...), service.ErrDiskFull)
		status := w.Status()
		if status.QueueDepth > 1000 || status.Dropped.QueueFull == 0 || status.FailedCommits < 100 {
			t.Errorf("%d samples wait, %d were dropped, %d commits have failed; want 1000 at most, some, "+
				"one a second",
				status.QueueDepth, status.Dropped.QueueFull, status.FailedCommits)
		}
		ails(t, "when there is no room", w.Health(), service.WriterStuck, service.DiskFull,
			service.MaintenanceOverdue)
		if diff := cmp.Diff([]string{
			"ERROR no room left to write, recorded samples wait in memory, the newest if not all can",
		}, about(&log)); diff != "" {
			t.Errorf("logged while the disk was full (-want +got):\n%s", diff)
		}

		disk.SetCapacity(0)
		for range 90 {
			second()
		}
		ails(t, "when there is room again", w.Health())
		if diff := cmp.Diff([]string{"INFO there is room to write again"}, about(&log)); diff != "" {
			t.Errorf("logged when there was room again (-want +got):\n%s", diff)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		status = w.Status()
		if got := status.Accepted + status.Dropped.QueueFull; got != int64(recorded) {
			t.Errorf("%d accepted and %d dropped, want %.0f together", status.Accepted,
				status.Dropped.QueueFull, recorded)
		}
		// The dropped ones lie between those of before and the 1000 that waited.
		if got := filetest.Int(t, path, "SELECT sum(count) FROM metrics"); got != status.Accepted {
			t.Errorf("the file has %d samples, want the %d accepted", got, status.Accepted)
		}
		newest := filetest.Int(t, path,
			"SELECT count(*) FROM "+filetest.RawSamples+" WHERE value >= "+strconv.Itoa(int(recorded)-1890))
		if newest != 1890 {
			t.Errorf("%d of the last 1890 samples are there, want all: 900 came when there was room again",
				newest)
		}
	})
}

// A WAL that is long already restarts after a checkpoint, so that deleting needs no room on a disk
// that is full.
func TestDeletingOnAFullDisk(t *testing.T) {
	path := filetest.Path(t)
	disk := diskOf(t, path)
	synctest.Test(t, func(t *testing.T) {
		options := quiet()
		options.TrustClock = true
		w := open(t, service.Config{DBPath: path}, options)
		s := rtt(t, w)
		write(t, w, run(s, 40_000, time.Now(), 50*time.Millisecond)...)
		maintain(t, w)
		disk.SetCapacity(1)
		after(3 * time.Hour)
		if report := maintain(t, w); report.Deleted[service.Raw] != 40_000 {
			t.Errorf("%d raw rows deleted, want 40000", report.Deleted[service.Raw])
		}
		write(t, w, run(s, 10_000, time.Now(), time.Millisecond)...) // into what has become free
		if got := filetest.Int(t, path, "SELECT sum(count) FROM metrics"); got != 50_000 {
			t.Errorf("the file has %d samples, want 50000", got)
		}
		disk.SetCapacity(0)
	})
}

// maintain does all maintenance that is due.
func maintain(t *testing.T, w *service.Writer) service.Report {
	t.Helper()
	report, err := w.Maintain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Nothing is damaged by opening a file for writing on a full disk.
func TestOpenOnAFullDisk(t *testing.T) {
	for _, test := range []struct {
		name   string
		before int
	}{{"a new file", 0}, {"a file that is there", 1000}} {
		t.Run(test.name, func(t *testing.T) {
			path := filetest.Path(t)
			if test.before > 0 {
				w := open(t, service.Config{DBPath: path}, quiet())
				write(t, w,
					run(rtt(t, w), test.before, time.Now().Truncate(time.Minute).Add(-time.Hour),
						time.Millisecond)...)
				shut(t, w)
			}
			disk := diskOf(t, path)
			disk.SetCapacity(1)
			w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path, RetentionDays: 30},
				quiet())
			want(t, err, service.ErrDiskFull)
			if err == nil {
				shut(t, w)
			}
			disk.SetCapacity(0)
			w = open(t, service.Config{DBPath: path, RetentionDays: 30}, quiet())
			write(t, w, run(rtt(t, w), 100, time.Now(), time.Millisecond)...)
			got := filetest.Int(t, path, "SELECT sum(count) FROM metrics")
			if got != int64(test.before+100) {
				t.Errorf("the file has %d samples, want %d", got, test.before+100)
			}
		})
	}
}

// A disk that has no more room than the size cap and its tolerance never gets full: the oldest raw
// samples go in time, into coarser buckets. Without the cap it is full at once.
func TestSizeCapOnASmallDisk(t *testing.T) {
	for _, test := range []struct {
		name string
		cap  service.Bytes
		err  error
	}{{"with a cap", service.MinMaxSize, nil}, {"without", 0, service.ErrDiskFull}} {
		t.Run(test.name, func(t *testing.T) {
			path := filetest.Path(t)
			disk := diskOf(t, path)
			disk.SetCapacity(int64(service.MinMaxSize) * 105 / 100)
			synctest.Test(t, func(t *testing.T) {
				options := quiet()
				options.TrustClock = true
				w := open(t, service.Config{DBPath: path, MaxSize: test.cap, KeepRaw: 24 * time.Hour}, options)
				s := rtt(t, w)
				written := 0
				var err error
				for ; err == nil && written < 400_000; written += 4000 {
					after(time.Minute)
					err = w.Write(t.Context(), run(s, 4000, time.Now(), 10*time.Millisecond)...)
				}
				want(t, err, test.err)
				if test.err != nil {
					disk.SetCapacity(0)
					return
				}
				status := w.Status()
				if status.FailedCommits > 0 || status.Trimmed[service.Raw] == 0 ||
					status.Trimmed[service.Minute] > 0 {
					t.Errorf("%d commits have failed, trimmed %v; want none, and raw samples only",
						status.FailedCommits, status.Trimmed)
				}
				ails(t, "on a small disk", w.Health())
				if got := filetest.Int(t, path, "SELECT sum(count) FROM metrics"); got != int64(written) {
					t.Errorf("the file has %d samples, want %d", got, written)
				}
			})
		})
	}
}
