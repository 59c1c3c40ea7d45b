package push

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/prompb"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Each bucket arrives once it has settled, with all that is made from it.
func TestSteady(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(20 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
		if w.receiver.posts > 50 {
			t.Errorf("%d POSTs in 20 minutes", w.receiver.posts)
		}
		if problems := w.sender.Health(); len(problems) > 0 {
			t.Errorf("health: %v", problems)
		}
	})
}

// An outage loses nothing, whatever the receiver forgets in it, and the newest bucket comes first.
func TestOutage(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(10 * time.Minute)
		w.receiver.kill()
		w.pass(6 * time.Hour)
		problems := w.sender.Health()
		if len(problems) != 1 || problems[0].Reason != Stuck {
			t.Errorf("health in an outage: %v", problems)
		}
		w.receiver.start()
		w.pass(2 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
		if problems := w.sender.Health(); len(problems) > 0 {
			t.Errorf("health after it: %v", problems)
		}
	})
}

// While a backlog waits, the newest bucket goes before it; where the order is another one, it does
// not.
func TestFreshLane(t *testing.T) {
	for order, wantFresh := range map[Order]bool{NewestFirst: true, OldestFirst: false} {
		t.Run(string(order), func(t *testing.T) {
			path := filetest.Path(t)
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, path)
				defer w.close()
				w.config.Order = order
				w.pass(3 * time.Hour)
				var first int64
				w.receiver.refuse = func(sent prompb.WriteRequest) (int, string, http.Header) {
					if first == 0 {
						first = sent.Timeseries[0].Samples[0].Timestamp
					}
					return 0, "", nil
				}
				w.start()
				w.pass(2 * time.Minute)
				w.receiver.mu.Lock()
				defer w.receiver.mu.Unlock()
				if fresh := time.Since(time.UnixMilli(first)) < 5*time.Minute; fresh != wantFresh {
					t.Errorf("the first sample is of %s", time.UnixMilli(first).UTC())
				}
			})
		})
	}
}

// However slowly a backlog is sent, the newest bucket never waits long for it.
func TestFreshBesideSlowReplay(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.config.ReplayRate = 10
		w.pass(3 * time.Hour)
		w.start()
		w.pass(20 * time.Second)
		for range 12 {
			w.pass(20 * time.Second)
			var newest int64
			for ts := range w.receiver.copy()[service.RTT+`{probe="tcp",site="berlin",wan="cable"}`] {
				newest = max(newest, ts)
			}
			if age := time.Since(time.UnixMilli(newest)); age > 3*time.Minute {
				t.Errorf("the newest bucket at the receiver is %s old", age)
			}
		}
	})
}

// Receiver and sender are killed at random while a backlog is sent. What the receiver forgets is
// sent again, at once or after an audit.
func TestKills(t *testing.T) {
	simulated(t, func(w *world) {
		w.config.ReplayRate = 30 // so that the backlog takes longer than the kills
		w.pass(3 * time.Hour)
		random := rand.New(rand.NewPCG(1, 2))
		for range 10 {
			w.start()
			w.pass(time.Duration(random.IntN(60)) * time.Second)
			w.receiver.kill()
			w.pass(time.Duration(random.IntN(60)) * time.Second)
			w.receiver.start()
			w.pass(time.Duration(random.IntN(30)) * time.Second)
			w.stop()
			w.receiver.kill() // while nobody looks
			w.receiver.start()
		}
		w.start()
		w.pass(30 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
	})
}

// A receiver that was restored from a copy gets again what it has lost, once it has been audited.
func TestRestored(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(30 * time.Minute)
		copied := w.receiver.copy()
		w.receiver.closed = true
		w.pass(40 * time.Minute)
		w.receiver.restore(copied)
		w.pass(3 * time.Hour)
		w.check(time.Now().Add(-3 * time.Minute))
		_, _, report := w.sender.place.look()
		if report.Audit.Missing == 0 || report.Audit.Unrepaired+report.Audit.Doubled != 0 ||
			report.Confirmed == 0 {
			t.Errorf("audits have found %+v", report)
		}
	})
}

// An hour of which something was missing is confirmed once that was sent again and is there, also
// where nothing was recorded in some of it, and whenever its parts are audited.
func TestRestoredWithGaps(t *testing.T) {
	for _, granularity := range []string{"1m", "5m"} {
		for _, jitter := range []time.Duration{1, mostJitter / 4, mostJitter / 2, mostJitter} {
			t.Run(granularity+" "+jitter.String(), func(t *testing.T) {
				path := filetest.Path(t)
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, path)
					defer w.close()
					w.config.Granularity, w.jitter = granularity, jitter
					w.restoredWithGaps()
				})
			})
		}
	}
}

func (w *world) restoredWithGaps() {
	w.t.Helper()
	w.start()
	w.pass(20 * time.Minute)
	copied := w.receiver.copy()
	time.Sleep(10 * time.Minute) // nothing is recorded
	w.pass(40 * time.Minute)
	w.receiver.restore(copied)
	until := time.Now()
	w.pass(6 * time.Hour)
	got := w.status()
	if got.Audit.Missing == 0 || got.Audit.Unrepaired != 0 || got.ConfirmedUntil.Before(until) {
		w.t.Errorf("status %+v", got)
	}
}

// What the receiver never shows is sent again once, and then told.
func TestUnrepairable(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.pass(30 * time.Minute)
		until := time.Now().Add(-20 * time.Minute)
		w.receiver.forget = func(_ string, ts int64) bool { return ts < until.UnixMilli() }
		w.start()
		w.pass(8 * time.Hour)
		_, _, report := w.sender.place.look()
		const buckets, series = 10, 14 // of the state four are ratios
		if got := report.Audit.Unrepaired; got != buckets*series || report.Audit.Missing != got {
			t.Errorf("audits have found %+v, want %d missing", report.Audit, buckets*series)
		}
		problems := w.sender.Health()
		if len(problems) != 1 || problems[0].Reason != Audit {
			t.Errorf("health: %v", problems)
		}
		if report.Resent > 60*series {
			t.Errorf("%d samples were sent again", report.Resent)
		}
	})
}

// What an import brings of before all that was sent is sent, too.
func TestOlder(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.pass(20 * time.Minute)
		w.start()
		w.pass(5 * time.Minute)
		for i := range 10 {
			at := time.Now().Add(-5*time.Hour + time.Duration(i)*20*time.Minute)
			must(t, w.writer.Write(t.Context(),
				service.Sample{Series: w.rtt, Time: at, Value: float64(i)},
				service.Sample{Series: w.state, Time: at, Value: float64(i % 3)}))
		}
		w.pass(10 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
	})
}

// A bucket that an import makes where the others were sent is sent as well; one that a late sample
// only changes is not.
func TestLate(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(30 * time.Minute)
		late, err := w.writer.Series(service.RTTDelta, "cable", nil)
		must(t, err)
		at := time.Now().Add(-20 * time.Minute).Truncate(time.Minute)
		must(t, w.writer.Write(t.Context(),
			service.Sample{Series: late, Time: at, Value: 1},
			service.Sample{Series: late, Time: at.Add(5 * time.Minute), Value: 2},
			service.Sample{Series: w.rtt, Time: at.Add(time.Second), Value: 1e6},
		))
		w.pass(5 * time.Minute)
		got := w.receiver.copy()
		labels := `{site="berlin",wan="cable"}`
		for i := range 2 {
			stamp := at.Add(time.Duration(5*i+1)*time.Minute).UnixMilli() - 1
			if value, ok := got[service.RTTDelta+labels][stamp]; !ok || value != float64(i+1) {
				t.Errorf("late bucket %d: %v, %v", i, value, ok)
			}
		}
		if n := len(got[service.RTTDelta+"_count"+labels]); n != 2 {
			t.Errorf("%d late buckets arrived, want 2", n)
		}
		stamp := at.Add(time.Minute).UnixMilli() - 1
		greatest := got[service.RTT+"_max"+`{probe="tcp",site="berlin",wan="cable"}`][stamp]
		if greatest > 1e5 {
			t.Errorf("a bucket that was sent was sent again: maximum %v", greatest)
		}
	})
}

// What comes late is part of the backlog until it is sent.
func TestLateBacklog(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(30 * time.Minute)
		w.receiver.kill()
		at := time.Now().Add(-20 * time.Minute).Truncate(time.Minute)
		late, err := w.writer.Series(service.RTTDelta, "cable", nil)
		must(t, err)
		before := w.status()
		must(t, w.writer.Write(t.Context(),
			service.Sample{Series: late, Time: at, Value: 1},
			service.Sample{Series: late, Time: at.Add(5 * time.Minute), Value: 2}))
		_, err = w.writer.Maintain(t.Context())
		must(t, err)
		got := w.status()
		if got.LateBuckets != 2 || got.BacklogSamples != before.BacklogSamples+10 ||
			got.BacklogSeconds < 17*60 || !got.SentUntil.Equal(at) {
			t.Errorf("before %+v, then %+v", before, got)
		}
		w.pass(2 * time.Minute)
		if b := w.sender.backlog(); b < 17*time.Minute {
			t.Errorf("a backlog of %s", b)
		}
		w.receiver.start()
		w.pass(3 * time.Minute)
		if got := w.status(); got.LateBuckets != 0 || got.BacklogSamples != 0 {
			t.Errorf("after it %+v", got)
		}
	})
}

// However much else is late, status counts all of it.
func TestLongLateBacklog(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(30 * time.Minute)
		w.receiver.kill()
		at := time.Now().Add(-20 * time.Minute).Truncate(time.Minute)
		must(t, w.sender.place.move(t.Context(),
			func(ledger, *Report) (c service.DeliveryChange, err error) {
				hour := at.Truncate(time.Hour)
				for range marksRead + 1000 {
					hour = hour.Add(-time.Hour)
					c.Marked = append(c.Marked, service.UnsentBuckets{
						Granularity: service.Minute, SeriesID: 99, Minutes: 1, Hour: hour,
					})
				}
				return c, nil
			}))
		late, err := w.writer.Series(service.RTTDelta, "cable", nil)
		must(t, err)
		must(t, w.writer.Write(t.Context(), service.Sample{Series: late, Time: at, Value: 1}))
		_, err = w.writer.Maintain(t.Context())
		must(t, err)
		if got := w.status(); got.LateBuckets != 1 || !got.SentUntil.Equal(at) {
			t.Errorf("status %+v", got)
		}
	})
}

// Where the buckets of a minute are gone when the receiver comes back, coarser ones are sent, under
// a label.
func TestCoarser(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.receiver.down = true
		w.start()
		w.pass(32 * time.Hour)
		w.receiver.start()
		w.pass(10 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
		minutes, coarse := int64(0), int64(0)
		for name, values := range w.receiver.copy() {
			if !strings.HasPrefix(name, service.RTT+"_count{") {
				continue
			}
			for _, n := range values {
				if strings.Contains(name, `granularity="5m"`) {
					coarse += int64(n)
				} else {
					minutes += int64(n)
				}
			}
		}
		sent := minutes + coarse
		if missing := int64(w.recorded) - sent; coarse == 0 || missing < 0 || missing > 9 {
			t.Errorf("%d samples in minutes and %d in 5m of %d", minutes, coarse, w.recorded)
		}
		_, _, report := w.sender.place.look()
		if report.Expired != 0 {
			t.Errorf("%d buckets expired", report.Expired)
		}
	})
}

// Where the size of the file has a bound, samples are deleted while the receiver is away. All that
// is left of its minutes arrives.
func TestSizeCapped(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorldOf(t, service.Config{DBPath: path, MaxSize: service.MinMaxSize})
		defer w.close()
		begin := time.Now()
		w.receiver.down = true
		w.start()
		var list []*service.Series
		for n := range 100 {
			series, err := w.writer.Series(fmt.Sprintf("load_%d", n), "cable", nil)
			must(t, err)
			list = append(list, series)
		}
		for range 6 * 60 {
			for n, series := range list {
				w.writer.Record(service.Sample{Series: series, Time: time.Now(), Value: float64(n)})
			}
			w.pass(time.Minute)
		}
		w.receiver.start()
		w.pass(10 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
		history, err := w.writer.History(t.Context())
		must(t, err)
		defer history.Close()
		view, err := history.Snapshot(t.Context())
		must(t, err)
		defer view.Close()
		if from := view.Tiers()[service.Minute].From; !from.After(begin.Add(10 * time.Minute)) {
			t.Errorf("minutes from %s are left", from)
		}
		if problems := w.sender.Health(); len(problems) > 0 || w.status().BacklogSamples > 0 {
			t.Errorf("health %v, status %+v", problems, w.status())
		}
	})
}

// Raw samples arrive as they are.
func TestRaw(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.config.Granularity = "raw"
		w.start()
		begun := time.Now()
		w.pass(2 * time.Hour)
		until := time.Now().Add(-3 * time.Minute)
		got := w.receiver.copy()[service.RTT+`{probe="tcp",site="berlin",wan="cable"}`]
		n := 0
		for at := begun; at.Before(until); at = at.Add(every) {
			if value, ok := got[at.UnixMilli()]; !ok || value != float64(n%100) {
				t.Fatalf("at %s: %v, %v, want %v", at, value, ok, n%100)
			}
			n++
		}
		_, _, report := w.sender.place.look()
		if report.Audit.Missing != 0 || report.Confirmed == 0 {
			t.Errorf("audits have found %+v", report)
		}
	})
}
