package service_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

const passes = time.Hour

// A week of a daemon that nobody looks after, with timers alone.
func TestSevenDays(t *testing.T) {
	path := filetest.Path(t)
	const days, interval = 7, 30 * time.Second
	sizes := [days]int64{}
	synctest.Test(t, func(t *testing.T) {
		w := open(t, service.Config{
			DBPath: path, RetentionDays: 3, Keep5m: 48 * time.Hour,
			// Less often than by default, for the sake of the test's time. The grace is longer than
			// a sample waits for its commit.
			CommitInterval: 5 * time.Minute, Grace: 6 * time.Minute, MaintenanceInterval: passes,
		}, silent())
		start := time.Now() // midnight
		delay, state := rtt(t, w), series(t, w, service.State, "spectrum", nil)
		loop := time.NewTicker(interval)
		defer loop.Stop()
		n := 0
		for day := range days {
			for time.Since(start) < time.Duration(day+1)*24*time.Hour {
				w.Record(
					service.Sample{Series: delay, Time: time.Now(), Value: float64(n % 100)},
					service.Sample{Series: state, Time: time.Now(), Value: float64(n % 4)})
				n++
				<-loop.C
			}
			synctest.Wait()
			sizes[day] = size(t, path) + size(t, path+"-wal")
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		status := w.Status()
		if status.Accepted != int64(2*n) || status.Refused.Total() != 0 || status.Late != 0 ||
			status.LastError != nil {
			t.Errorf("%d accepted of %d, %d refused, %d late, last error %v",
				status.Accepted, 2*n, status.Refused.Total(), status.Late, status.LastError)
		}
		checkWeek(t, path, time.Now(), interval)
	})
	// What is deleted makes room for what comes: from the fourth day on the file is as large as it
	// gets.
	if sizes[days-1] > sizes[days-4]*11/10 {
		t.Errorf("the file and its WAL grow: %d bytes after each day", sizes)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// checkWeek wants every tier to reach from its age to the last pass, and every one of its buckets
// to be full.
func checkWeek(t *testing.T, path string, now time.Time, interval time.Duration) {
	t.Helper()
	for _, tier := range []struct {
		name         string
		keep, bucket time.Duration
	}{
		{"1m", 24 * time.Hour, time.Minute},
		{"5m", 48 * time.Hour, 5 * time.Minute},
		{"1h", 72 * time.Hour, time.Hour},
	} {
		mark := watermark(t, path, tier.name)
		if lag := now.Sub(mark); lag > passes+7*time.Minute+tier.bucket {
			t.Errorf("%s has been rolled up to %s only, at %s", tier.name, mark, now.UTC())
		}
		floor := time.UnixMicro(filetest.Int(t, path, "SELECT floor FROM tiers WHERE granularity = ?",
			tier.name)).UTC()
		if age := now.Sub(floor); age < tier.keep || age > tier.keep+time.Hour+passes {
			t.Errorf("%s begins at %s, want its age of %s", tier.name, floor, tier.keep)
		}
		buckets := int64(mark.Sub(floor) / tier.bucket)
		full := int64(tier.bucket / interval)
		want := [][]any{{buckets, buckets * full, full, full, floor.UnixMicro()}}
		got := filetest.Query(t, path, `
			SELECT count(*), sum(count), min(count), max(count), min(ts)
			FROM rollups WHERE granularity = ?`, tier.name)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("buckets, samples, fewest, most and first of %s (-want +got):\n%s", tier.name, diff)
		}
		got = filetest.Query(t, path, `
			SELECT count(*), sum(n), min(n), max(n), min(ts) FROM (
				SELECT ts, sum(count) AS n FROM state_rollups WHERE granularity = ? GROUP BY ts)`, tier.name)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("states of %s, as above (-want +got):\n%s", tier.name, diff)
		}
	}
	oldest := time.UnixMicro(filetest.Int(t, path, "SELECT min(ts) FROM "+filetest.RawSamples))
	if age := now.Sub(oldest); age < time.Hour || age > time.Hour+passes+time.Minute {
		t.Errorf("the oldest raw sample is %s old", age)
	}
}
