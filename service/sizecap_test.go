package service_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A writer at full speed stays within its size cap, and what it cannot keep as it was recorded it
// keeps in coarser buckets.
func TestSizeCapHolds(t *testing.T) {
	for _, test := range []struct {
		limit  service.Bytes
		series int
		step   time.Duration // between two moments: the time that passes in the history
		rows   int
	}{
		{4 << 20, 7, 50 * time.Millisecond, 200_000},
		{8 << 20, 200, 50 * time.Millisecond, 400_000},
		{16 << 20, 50, time.Second, 750_000},
		{4 << 20, 7, time.Microsecond, 200_000}, // all samples in one minute
		// little but buckets, and more of them than there is room for
		{4 << 20, 100, time.Minute, 200_000},
	} {
		t.Run(fmt.Sprintf("%s with %d series each %s", test.limit, test.series, test.step),
			func(t *testing.T) {
				f := newFullSpeed(t, test.limit, test.series, test.step)
				begun := time.Now()
				f.record(test.rows)
				took := time.Since(begun)
				f.check()
				t.Logf("%.0f samples/s; at most %.1f %% of the cap; trimmed %v; longest commit %s",
					float64(test.rows)/took.Seconds(), 100*float64(f.largest.Load())/float64(test.limit),
					f.w.Status().Trimmed,
					f.w.Status().LongestCommit)
				if f.w.Status().Trimmed[service.Raw] == 0 {
					t.Error("no sample was given up: the file has not reached its cap")
				}
			})
	}
}

// fullSpeed is a writer that records as fast as it goes, while its size is looked at all the time.
type fullSpeed struct {
	t      *testing.T
	path   string
	limit  service.Bytes
	w      *service.Writer
	series []*service.Series
	begin  time.Time
	step   time.Duration
	moment atomic.Int64 // how many moments have been recorded

	largest atomic.Int64
	watcher sync.WaitGroup
	stop    chan struct{}
}

func newFullSpeed(t *testing.T, limit service.Bytes, series int, step time.Duration) *fullSpeed {
	t.Helper()
	f := &fullSpeed{
		t: t, path: filetest.Path(t), limit: limit, step: step, stop: make(chan struct{}),
		begin: time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC),
	}
	options := quiet()
	options.Now = func() time.Time { return f.at(f.moment.Load()) }
	options.TrustClock = true
	config := service.Config{DBPath: f.path, MaxSize: limit, RetentionDays: 365,
		KeepRaw: 365 * 24 * time.Hour,
		Keep1m:  365 * 24 * time.Hour, Keep5m: 365 * 24 * time.Hour}
	f.w = open(t, config, options)
	for i := range series {
		f.series = append(f.series, f.newSeries(i))
	}
	f.watcher.Go(f.watch)
	return f
}

// value is a state for each tenth series, and a number of many digits for the others, which takes
// the room that samples may take.
func value(series int, moment int64) float64 {
	state := float64(moment % 3)
	if series%10 == 9 {
		return state
	}
	return state + 1/float64(moment+3)
}

// newSeries makes each tenth one of states.
func (f *fullSpeed) newSeries(i int) *service.Series {
	metric := service.RTT
	if i%10 == 9 {
		metric = service.State
	}
	return series(f.t, f.w, metric, fmt.Sprint("wan", i), nil)
}

func (f *fullSpeed) at(moment int64) time.Time {
	return f.begin.Add(time.Duration(moment) * f.step)
}

// watch looks at the size until it is told to stop.
func (f *fullSpeed) watch() {
	for {
		select {
		case <-f.stop:
			return
		case <-time.After(time.Millisecond):
			f.largest.Store(max(f.largest.Load(), onDisk(f.path)))
		}
	}
}

func onDisk(path string) int64 {
	var total int64
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			total += info.Size()
		}
	}
	return total
}

// record records so many samples, moment by moment, as fast as the queue takes them.
func (f *fullSpeed) record(rows int) {
	f.t.Helper()
	batch := make([]service.Sample, len(f.series))
	for n := 0; n < rows; n += len(batch) {
		moment := f.moment.Load()
		for i, s := range f.series {
			batch[i] = service.Sample{Series: s, Time: f.at(moment), Value: value(i, moment)}
		}
		f.w.Record(batch...)
		f.moment.Store(moment + 1)
		if n/5000 != (n+len(batch))/5000 && f.w.Status().QueueDepth > 30_000 {
			f.flush()
		}
	}
	f.flush()
}

func (f *fullSpeed) flush() {
	f.t.Helper()
	if err := f.w.Flush(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// check fails the test unless the size has held, and every sample is there that is not older than
// the floor of the last tier.
func (f *fullSpeed) check() {
	f.t.Helper()
	close(f.stop)
	f.watcher.Wait()
	if largest := f.largest.Load(); largest > int64(f.limit)*105/100 {
		f.t.Errorf("file and WAL had %d bytes, want no more than 1.05 times %d", largest, f.limit)
	}
	status := f.w.Status()
	if status.Refused.Total() != 0 || status.Dropped.QueueFull != 0 || status.LastError != nil {
		f.t.Errorf("%+v refused, %+v dropped, last error %v, want none", status.Refused, status.Dropped,
			status.LastError)
	}
	shut(f.t, f.w)
	floor := filetest.Int(f.t, f.path, "SELECT floor FROM tiers WHERE granularity = '1h'")
	var want int64
	for moment := range f.moment.Load() {
		if f.at(moment).UnixMicro() >= floor {
			want += int64(len(f.series))
		}
	}
	if got := filetest.Int(f.t, f.path, "SELECT sum(count) FROM metrics"); got != want {
		f.t.Errorf("the history has %d samples, want %d", got, want)
	}
	for _, pair := range [][2]string{{"raw", "1m"}, {"1m", "5m"}, {"5m", "1h"}} {
		ordered := filetest.Int(f.t, f.path, fmt.Sprintf(`
			SELECT fine.floor >= coarse.floor AND fine.floor <= coarse.watermark
			FROM tiers AS fine, tiers AS coarse
			WHERE fine.granularity = '%s' AND coarse.granularity = '%s'`, pair[0], pair[1]))
		if ordered != 1 {
			f.t.Errorf("the floor of %s lies before that of %[2]s or after the watermark of %[2]s", pair[0],
				pair[1])
		}
	}
}

// A file that was made without a cap, or with a larger one, is brought to the smaller one by the
// first pass, and loses only what is finest.
func TestSmallerSizeCap(t *testing.T) {
	path := filetest.Path(t)
	now := time.Now().Truncate(time.Hour)
	options := quiet()
	options.TrustClock = true
	options.Now = func() time.Time { return now }
	config := service.Config{DBPath: path, MaxSize: 64 << 20}
	w := open(t, config, options)
	s := rtt(t, w)
	for n := range 10 {
		samples := run(s, 30_000, now.Add(-time.Duration(10-n)*4*time.Minute), 5*time.Millisecond)
		for i := range samples {
			samples[i].Value = value(0, int64(i))
		}
		write(t, w, samples...)
	}
	maintain(t, w)
	before := onDisk(path)
	shut(t, w)

	config.MaxSize = service.MinMaxSize
	w = open(t, config, options)
	maintain(t, w)
	if got := onDisk(path); before < int64(config.MaxSize) || got > int64(config.MaxSize) {
		t.Errorf("%d bytes, and %d before; want %d at most, and more than that before", got, before,
			config.MaxSize)
	}
	trimmed := w.Status().Trimmed
	if trimmed[service.Raw] == 0 ||
		trimmed[service.Minute]+trimmed[service.FiveMinutes]+trimmed[service.Hour] != 0 {
		t.Errorf("%v rows trimmed, want raw ones only", trimmed)
	}
	if got := filetest.Int(t, path, "SELECT sum(count) FROM metrics"); got != 300_000 {
		t.Errorf("the history has %d samples, want 300000", got)
	}
	if got := filetest.Int(t, path, filetest.CountRawSamples); got == 0 {
		t.Error("no raw sample is left, want the newest")
	}
}

// What the coarsest tier gives up is gone. That is said once, and so is the next tier each time.
func TestSizeCapGivesUpHours(t *testing.T) {
	path := filetest.Path(t)
	begin := time.Now().Truncate(time.Hour).Add(-300 * 24 * time.Hour)
	var log logged
	options := service.Options{Logger: log.logger(), NoMaintenance: true, TrustClock: true}
	w := open(t, service.Config{DBPath: path, MaxSize: service.MinMaxSize, RetentionDays: 365},
		options)
	s := make([]*service.Series, 600)
	for i := range s {
		s[i] = series(t, w, service.RTT, fmt.Sprint("wan", i), nil)
	}
	log.lines()
	written := int64(0)
	for hour, after := 0, 0; after < 5; hour++ { // some more once the hours have begun to go
		if w.Status().Trimmed[service.Hour] > 0 {
			after++
		}
		var samples []service.Sample
		for _, one := range s {
			samples = append(samples,
				service.Sample{Series: one, Time: begin.Add(time.Duration(hour) * time.Hour), Value: 1})
		}
		write(t, w, samples...)
		written += int64(len(samples))
	}
	floor := filetest.Int(t, path, "SELECT floor FROM tiers WHERE granularity = '1h'")
	given := int64(time.UnixMicro(floor).Sub(begin)/time.Hour) * int64(len(s))
	if given <= 0 || w.Status().Trimmed[service.Hour] == 0 {
		t.Fatalf("%d samples given up and %v rows trimmed, want some of all: %q", given,
			w.Status().Trimmed, log.lines())
	}
	if got := filetest.Int(t, path, "SELECT sum(count) FROM metrics"); got != written-given {
		t.Errorf("the history has %d samples, want %d", got, written-given)
	}
	const goes = "WARN the size cap is reached: the oldest of a tier goes before its age, and " +
		"remains in the next one granularity="
	if diff := cmp.Diff([]string{
		goes + "raw max_size=4MiB", goes + "1m max_size=4MiB", goes + "5m max_size=4MiB",
		"WARN the size cap is reached: the oldest hours are given up for good max_size=4MiB",
	}, log.lines()); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
	want(t, w.Write(t.Context(), service.Sample{Series: s[0], Time: begin, Value: 1}),
		service.ErrTooOld)
}

// A cap that cannot be kept is said once and in health, and recording goes on.
func TestSizeCapThatCanNotBeKept(t *testing.T) {
	path := filetest.Path(t)
	var log logged
	options := service.Options{Logger: log.logger(), NoMaintenance: true, TrustClock: true}
	w := open(t, service.Config{DBPath: path, MaxSize: service.MinMaxSize}, options)
	log.lines()
	now := time.Now()
	for round := range 3 {
		var samples []service.Sample
		for i := range 3000 {
			s := series(t, w, service.RTT, fmt.Sprint("wan", i), nil)
			samples = append(samples,
				service.Sample{Series: s, Time: now.Add(time.Duration(round) * time.Second), Value: 1})
		}
		write(t, w, samples...)
	}
	ails(t, "too many series", w.Health(), service.SizeCap)
	said := 0
	for _, line := range log.lines() {
		if strings.HasPrefix(line, "ERROR the file cannot be held to its size cap") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("said %d times, want once", said)
	}
	if got := w.Status().Accepted; got != 9000 {
		t.Errorf("%d samples accepted, want 9000", got)
	}
}

func TestMaxSize(t *testing.T) {
	for text, want := range map[string]service.Bytes{
		"64MiB": 64 << 20, "64MB": 64e6, "1 gib": 1 << 30, "4194304": 4 << 20, "4194304B": 4 << 20,
		"0": 0,
	} {
		config, err := service.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_MAX_SIZE": text})
		if err != nil || config.MaxSize != want {
			t.Errorf("%s: got %d and %v, want %d", text, config.MaxSize, err, want)
		}
	}
	for _, text := range []string{"1KiB", "-1", "MiB", "64M", "1.5GiB", "99999999999TiB", "4194303"} {
		_, err := service.ConfigFromEnv(map[string]string{"WANCTL_STORAGE_MAX_SIZE": text})
		if !errors.Is(err, service.ErrConfig) ||
			!strings.Contains(err.Error(), "WANCTL_STORAGE_MAX_SIZE="+text) {
			t.Errorf("%s: got error %v, want one that names it", text, err)
		}
	}
	for size, want := range map[service.Bytes]string{64 << 20: "64MiB", 1 << 30: "1GiB",
		64e6: "62500KiB", 7: "7", 0: "0"} {
		if got := size.String(); got != want {
			t.Errorf("%d is %q, want %q", int64(size), got, want)
		}
	}
}

// What a clock that was ahead has left does not lift the floors above what is recorded when it is
// right again.
func TestSizeCapAfterAClockThatWasAhead(t *testing.T) {
	var ahead atomic.Int64
	ahead.Store(int64(365 * 24 * time.Hour))
	options := quiet()
	options.NoMaintenance = true
	options.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	w := open(t, service.Config{DBPath: filetest.Path(t), MaxSize: service.MinMaxSize}, options)
	var handles []*service.Series
	for i := range 200 {
		handles = append(handles, series(t, w, service.RTT, fmt.Sprint("wan", i), nil))
	}
	for round, after := 0, 0; after < 20; round++ { // some more once something has gone
		if w.Status().Trimmed[service.Raw] > 0 {
			after++
		}
		at := options.Now().Add(-time.Duration(3000-round) * time.Second)
		samples := make([]service.Sample, 0, len(handles))
		for _, s := range handles {
			samples = append(samples, service.Sample{Series: s, Time: at, Value: 1})
		}
		write(t, w, samples...)
		ahead.Store(0)
	}
	status := w.Status()
	if status.Refused.Total() > 0 || status.Trimmed[service.Raw] == 0 {
		t.Errorf("%+v refused, %v trimmed, want none and some", status.Refused, status.Trimmed)
	}
	for _, row := range filetest.Query(t, w.Path(), "SELECT granularity, floor FROM tiers") {
		if floor := time.UnixMicro(row[1].(int64)); floor.After(time.Now().Add(3 * time.Minute)) {
			t.Errorf("the floor of %v is %s", row[0], floor)
		}
	}
}

// The largest cap that there is has room for everything.
func TestLargestSizeCap(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t), MaxSize: math.MaxInt64}, quiet())
	write(t, w, run(rtt(t, w), 100, time.Now(), time.Second)...)
	maintain(t, w)
	if problems := w.Health(); len(problems) > 0 {
		t.Errorf("problems %v, want none", problems)
	}
}
