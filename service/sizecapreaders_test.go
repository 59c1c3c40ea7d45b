package service_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// cappedLine records seven series at 20 Hz into a file that is as large as it may be.
type cappedLine struct {
	w       *service.Writer
	series  []*service.Series
	largest int64
	from    int64 // samples accepted before
}

func newCappedLine(t *testing.T, limit service.Bytes) *cappedLine {
	t.Helper()
	l := &cappedLine{w: open(t, service.Config{DBPath: filetest.Path(t), MaxSize: limit}, quiet())}
	for i := range 7 {
		l.series = append(l.series, series(t, l.w, service.RTT, fmt.Sprint("wan", i), nil))
	}
	at := time.Now().Add(-30 * time.Minute)
	for ; l.w.Status().Trimmed[service.Raw] == 0; at = at.Add(5 * time.Second) {
		write(t, l.w, run(l.series[0], 5000, at, time.Millisecond)...)
	}
	l.from = l.w.Status().Accepted
	return l
}

// record records for so many seconds, and looks at the size all the time.
func (l *cappedLine) record(seconds int) {
	for range 20 * seconds {
		now := time.Now()
		for _, s := range l.series {
			l.w.Record(service.Sample{Series: s, Time: now, Value: 1})
		}
		time.Sleep(50 * time.Millisecond)
		l.largest = max(l.largest, onDisk(l.w.Path()))
	}
}

// check fails the test unless the cap has held, and all was recorded.
func (l *cappedLine) check(t *testing.T, limit service.Bytes, seconds int) {
	t.Helper()
	must(t, l.w.Flush(t.Context()))
	status := l.w.Status()
	t.Logf("at most %.1f %% of the cap, %d holds of up to %s", 100*float64(l.largest)/float64(limit),
		status.Holds, status.LongestHold)
	if l.largest > int64(limit)*105/100 {
		t.Errorf("file and WAL had %d bytes, want no more than 1.05 times %d", l.largest, limit)
	}
	if want := int64(140 * seconds); status.Accepted-l.from != want ||
		status.Dropped != (service.Dropped{}) {
		t.Errorf("%d samples accepted, %+v dropped, want %d and none", status.Accepted-l.from,
			status.Dropped, want)
	}
}

// Readers of which there is always one do not make the WAL larger than the size cap leaves it.
func TestSizeCapUnderReadersThatOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, seconds = service.MinMaxSize, 120
		l := newCappedLine(t, limit)
		stop := overlap(t, l.w.Path())
		l.record(seconds)
		stop()
		l.check(t, limit, seconds)
	})
}

// Nor do those of this process which stay: they have two seconds then.
func TestSizeCapUnderReadersThatStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, seconds = service.MinMaxSize, 240
		l := newCappedLine(t, limit)
		h := history(t, l.w.Path())
		ended := make(chan struct{})
		var done atomic.Bool
		for i := range 3 { // staggered, so that there is always one
			go func() {
				defer func() { ended <- struct{}{} }()
				time.Sleep(time.Duration(i) * 20 * time.Second)
				for !done.Load() {
					query := service.Query{From: time.Now().Add(-time.Hour), Until: time.Now()}
					for _, err := range h.Range(t.Context(), query) {
						if err != nil {
							t.Error(err)
						}
						time.Sleep(45 * time.Second) // the reader does something else
						break
					}
				}
			}()
		}
		l.record(seconds)
		done.Store(true)
		for range 3 {
			<-ended
		}
		l.check(t, limit, seconds)
	})
}
