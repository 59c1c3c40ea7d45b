package push

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"

	"github.com/wanstore/wanstore/service"
)

// in runs a test of a world of which an hour is recorded and nothing sent.
func in(t *testing.T, f func(w *world)) {
	t.Helper()
	simulated(t, func(w *world) {
		w.pass(time.Hour)
		f(w)
	})
}

// status is how far the only target has been sent the history, as the file has it.
func (w *world) status() Status {
	w.t.Helper()
	history, err := w.writer.History(w.t.Context())
	must(w.t, err)
	defer history.Close()
	list, err := ReadStatus(w.t.Context(), history, time.Now())
	must(w.t, err)
	if len(list) != 1 {
		w.t.Fatalf("%d targets", len(list))
	}
	return list[0]
}

// refusing refuses every POST with a sample that is bad.
func refusing(
	status int, words string, bad func(series string, one prompb.Sample) bool,
) func(prompb.WriteRequest) (int, string, http.Header) {
	return func(sent prompb.WriteRequest) (int, string, http.Header) {
		for _, series := range sent.Timeseries {
			for _, one := range series.Samples {
				if bad(seriesName(series.Labels), one) {
					return status, words, nil
				}
			}
		}
		return 0, "", nil
	}
}

// What the receiver refuses is parked with its words, and all else arrives. An audit does not miss
// it.
func TestParked(t *testing.T) {
	for _, status := range []int{400, 405, 409, 413, 422, 451, 500} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			in(t, func(w *world) {
				t := w.t
				bad := time.Now().Add(-40*time.Minute).Truncate(time.Minute).UnixMilli() - 1
				w.receiver.refuse = refusing(status, "this one is bad",
					func(series string, one prompb.Sample) bool {
						return one.Timestamp == bad && strings.HasPrefix(series, service.RTT+"_max{")
					})
				w.start()
				w.pass(3 * time.Hour)
				got := w.status()
				if got.Parked != 1 || len(got.Refusals) != 1 {
					t.Fatalf("parked %d: %v", got.Parked, got.Refusals)
				}
				one := got.Refusals[0]
				if one.Metric != service.RTT+"_max" || one.Samples != 1 || one.WAN != "cable" ||
					!strings.Contains(one.Reason, "this one is bad") || one.Labels != `{"probe":"tcp"}` {
					t.Errorf("parked %+v", one)
				}
				if got.Audit.Missing != 0 || got.Audit.Audits == 0 || got.BacklogSamples != 0 {
					t.Errorf("status %+v", got)
				}
				if problems := w.sender.Health(); len(problems) > 0 {
					t.Errorf("health: %v", problems)
				}
			})
		})
	}
}

// While the receiver takes nothing, nothing is parked; once it does, all arrives.
func TestWaits(t *testing.T) {
	soon := func() string { return time.Now().Add(4 * time.Minute).UTC().Format(http.TimeFormat) }
	for name, c := range map[string]struct {
		status int
		after  func() string
		reason service.Reason
		most   int // POSTs in 20 minutes
	}{
		"408":                       {408, nil, Stuck, 50},
		"429":                       {429, nil, Stuck, 50},
		"429 with seconds":          {429, func() string { return "240" }, Stuck, 7},
		"429 with a date":           {429, soon, Stuck, 7},
		"503":                       {503, nil, Stuck, 80},
		"500":                       {500, nil, Stuck, 80},
		"401":                       {401, nil, Refused, 6},
		"404":                       {404, nil, Refused, 6},
		"400":                       {400, nil, Refused, 10},
		"405":                       {405, nil, Refused, 10},
		"422":                       {422, nil, Refused, 10},
		"451":                       {451, nil, Refused, 10},
		"a redirect":                {307, nil, Refused, 50},
		"nothing that is an answer": {304, nil, Refused, 50},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				t := w.t
				w.receiver.refuse = func(prompb.WriteRequest) (int, string, http.Header) {
					header := http.Header{}
					if c.after != nil {
						header.Set("Retry-After", c.after())
					}
					return c.status, "no", header
				}
				w.start()
				w.pass(20 * time.Minute)
				problems := w.sender.Health()
				if len(problems) != 1 || problems[0].Reason != c.reason {
					t.Errorf("health: %v", problems)
				}
				w.receiver.mu.Lock()
				posts := w.receiver.posts
				w.receiver.refuse = nil
				w.receiver.mu.Unlock()
				if posts > c.most || posts < 2 {
					t.Errorf("%d POSTs", posts)
				}
				w.pass(8 * time.Minute)
				w.check(time.Now().Add(-3 * time.Minute))
				if got := w.status(); got.Parked != 0 || got.BacklogSamples != 0 {
					t.Errorf("status %+v", got)
				}
				if problems := w.sender.Health(); len(problems) > 0 {
					t.Errorf("health after it: %v", problems)
				}
			})
		})
	}
}

// A receiver that takes no samples, and answers well what has none, has refused nothing: such is
// one whose disk is full, or that wants to be paid first. It is not let alone, and it is told.
func TestTakesNoSamples(t *testing.T) {
	for status, want := range map[int]service.Reason{500: Stuck, 402: Refused, 418: Refused} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			in(t, func(w *world) {
				t := w.t
				w.receiver.refuse = refusing(status, "not now",
					func(string, prompb.Sample) bool { return true })
				w.start()
				w.pass(20 * time.Minute)
				if got := w.status(); got.Parked != 0 || !got.LastSuccess.IsZero() {
					t.Errorf("parked %d, the last success at %s", got.Parked, got.LastSuccess)
				}
				if problems := w.sender.Health(); len(problems) != 1 || problems[0].Reason != want {
					t.Errorf("health: %v, want %s", problems, want)
				}
				w.receiver.mu.Lock()
				w.receiver.refuse = nil
				w.receiver.mu.Unlock()
				w.pass(8 * time.Minute)
				w.check(time.Now().Add(-3 * time.Minute))
				if got := w.status(); got.Parked != 0 || got.LastSuccess.IsZero() {
					t.Errorf("status %+v", got)
				}
				if problems := w.sender.Health(); len(problems) > 0 {
					t.Errorf("health after it: %v", problems)
				}
			})
		})
	}
}

// bucketSamples is how many samples a world has of a minute at its receiver: of states four are
// ratios.
const bucketSamples = 14

// What is too old for the receiver is parked and all else arrives, also where a sender that has
// just begun has nothing new to show that the receiver takes anything.
func TestAllTooOld(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		order  Order
	}{
		"400":              {400, NewestFirst},
		"400 oldest first": {400, OldestFirst},
		"410":              {410, NewestFirst},
		"500":              {500, NewestFirst},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(w *world) {
				t := w.t
				time.Sleep(3 * time.Minute) // the newest bucket is empty
				begun := time.Now().Truncate(time.Minute)
				w.config.Order = c.order
				w.receiver.refuse = refusing(c.status, "too old",
					func(_ string, one prompb.Sample) bool { return one.Timestamp < begun.UnixMilli() })
				w.start()
				w.pass(30 * time.Minute)
				w.checkFrom(begun, time.Now().Add(-3*time.Minute))
				if got := w.status(); got.Parked != 60*bucketSamples || got.BacklogSamples != 0 {
					t.Errorf("%d parked, backlog %d", got.Parked, got.BacklogSamples)
				}
				if problems := w.sender.Health(); len(problems) > 0 {
					t.Errorf("health: %v", problems)
				}
			})
		})
	}
}

// Nor does a newest bucket that the receiver does not take hold a backlog that it does.
func TestNewestRefused(t *testing.T) {
	for _, status := range []int{410, 500} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			in(t, func(w *world) {
				t := w.t
				newest := time.Now().Add(-2 * time.Minute).Truncate(time.Minute).UnixMilli()
				w.receiver.refuse = refusing(status, "not this one",
					func(_ string, one prompb.Sample) bool { return one.Timestamp == newest-1 })
				w.start()
				w.pass(30 * time.Minute)
				if got := w.status(); got.Parked != bucketSamples || got.BacklogSamples != 0 {
					t.Errorf("%d parked, backlog %d", got.Parked, got.BacklogSamples)
				}
			})
		})
	}
}

// A receiver that takes nothing older than it has is sent everything in order, and nothing is
// parked, also when it is killed.
func TestInOrder(t *testing.T) {
	in(t, func(w *world) {
		t := w.t
		w.config.Order = OldestFirst
		newest := map[string]int64{}
		w.receiver.refuse = func(sent prompb.WriteRequest) (int, string, http.Header) {
			for _, series := range sent.Timeseries {
				name := seriesName(series.Labels)
				for _, one := range series.Samples {
					if one.Timestamp < newest[name] {
						return 400, "out of order", nil
					}
				}
			}
			for _, series := range sent.Timeseries {
				newest[seriesName(series.Labels)] = series.Samples[len(series.Samples)-1].Timestamp
			}
			return 0, "", nil
		}
		w.start()
		w.pass(10 * time.Minute)
		w.receiver.mu.Lock()
		w.receiver.flush(time.Now().Add(time.Hour)) // it has a log on its disk
		w.receiver.mu.Unlock()
		w.receiver.kill()
		w.pass(5 * time.Minute)
		w.receiver.start()
		w.pass(5 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
		if got := w.status(); got.Parked != 0 {
			t.Errorf("parked %v", got.Refusals)
		}
	})
}

// Where nobody can be asked, that is said, and what was acknowledged counts.
func TestNoQuery(t *testing.T) {
	in(t, func(w *world) {
		t := w.t
		w.config.Query = NoQuery
		w.start()
		w.pass(30 * time.Minute)
		got := w.status()
		if got.ConfirmedUntil.Before(time.Now().Add(-10*time.Minute)) || got.Confirmed != 0 ||
			got.Audit.Unavailable == "" {
			t.Errorf("status %+v", got)
		}
	})
}

// One process at a time sends to a target; another target is another matter.
func TestTwoSenders(t *testing.T) {
	in(t, func(w *world) {
		t := w.t
		w.start()
		options := Options{Logger: slog.New(slog.DiscardHandler)}
		_, err := Open(t.Context(), w.writer, w.config, options)
		if !errors.Is(err, service.ErrDeliveryLocked) {
			t.Errorf("a second sender: %v", err)
		}
		other := w.config
		other.Site = "paris"
		sender, err := Open(t.Context(), w.writer, other, options)
		must(t, err)
		must(t, sender.Close())
	})
}

// A new name of the site is a new target: everything is sent again, under that name.
func TestSiteRenamed(t *testing.T) {
	in(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(10 * time.Minute)
		w.stop()
		w.config.Site = "paris"
		w.start()
		w.pass(5 * time.Minute)
		count := func(site string) int {
			name := service.RTT + `{probe="tcp",site="` + site + `",wan="cable"}`
			return len(w.receiver.copy()[name])
		}
		if berlin, paris := count("berlin"), count("paris"); paris < berlin+4 || berlin == 0 {
			t.Errorf("%d buckets of the old name, %d of the new one", berlin, paris)
		}
	})
}

// A metric that has the name of a derived one is refused, unless the derived ones get a suffix.
func TestNameTaken(t *testing.T) {
	in(t, func(w *world) {
		t := w.t
		taken, err := w.writer.Series(service.RTT+"_max", "cable", nil)
		must(t, err)
		must(t, w.writer.Write(t.Context(), service.Sample{Series: taken, Time: time.Now(), Value: 1}))
		options := Options{Logger: slog.New(slog.DiscardHandler)}
		_, err = Open(t.Context(), w.writer, w.config, options)
		if !errors.Is(err, ErrNameTaken) || !strings.Contains(err.Error(), service.RTT+"_max") {
			t.Errorf("without a suffix: %v", err)
		}
		w.config.Suffix = "_by"
		w.start()
		w.pass(5 * time.Minute)
		name := service.RTT + "_by_max" + `{probe="tcp",site="berlin",wan="cable"}`
		if n := len(w.receiver.copy()[name]); n < 60 {
			t.Errorf("%d buckets under the name with the suffix", n)
		}
	})
}

// Of two series that would become one at the receiver the later is parked, and told.
func TestAlike(t *testing.T) {
	in(t, func(w *world) {
		t := w.t
		empty, err := w.writer.Series(service.State, "cable", service.Labels{"tech": ""})
		must(t, err)
		must(t, w.writer.Write(t.Context(), service.Sample{Series: empty, Time: time.Now(), Value: 3}))
		w.start()
		w.pass(3 * time.Hour)
		w.checkFirst(t)
		got := w.status()
		if got.Parked != 9 || len(got.Refusals) == 0 ||
			!strings.Contains(got.Refusals[0].Reason, "same labels") {
			t.Errorf("parked %d: %v", got.Parked, got.Refusals)
		}
		if got.Audit.Missing != 0 || got.Audit.Doubled != 0 {
			t.Errorf("audits have found %+v", got.Audit)
		}
	})
}

// checkFirst wants the state of the earlier series to have arrived, and no other.
func (w *world) checkFirst(t *testing.T) {
	t.Helper()
	for ts, value := range w.receiver.copy()[service.State+`{site="berlin",wan="cable"}`] {
		if value == 3 {
			t.Errorf("the state of the later series has arrived at %s", time.UnixMilli(ts).UTC())
		}
	}
}

// A sender goes on from what the file says when that is another one.
func TestAnotherPlace(t *testing.T) {
	in(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(10 * time.Minute)
		must(t, w.writer.Deliver(t.Context(), service.DeliveryChange{ // somebody else
			Target: w.config.withDefaults().Target(), Revision: w.sender.place.revision, Report: "{}",
		}))
		w.pass(10 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
	})
}

// Where nothing was due, nothing was taken and nothing is confirmed: there are no moments of that.
func TestNothingDue(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(40 * time.Second)
		if got := w.status(); !got.LastSuccess.IsZero() || !got.ConfirmedUntil.IsZero() {
			t.Errorf("last success %s, confirmed until %s, want none", got.LastSuccess,
				got.ConfirmedUntil)
		}
	})
}
