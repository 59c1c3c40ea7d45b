package service_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// clock is one that stands still until it is moved, by the goroutine of the test while the writer
// rests.
type clock struct{ now time.Time }

func (c *clock) options() service.Options {
	options := quiet()
	options.Now, options.TrustClock = func() time.Time { return c.now }, true
	return options
}

func newClock() *clock { return &clock{now: time.Now().Truncate(time.Microsecond)} }

// Each reason to refuse a sample takes that sample alone: not its neighbours of the same call, nor
// those of other calls.
func TestRefusals(t *testing.T) {
	now := newClock().now
	ahead := now.Add(service.MaxAhead)
	for name, test := range map[string]struct {
		at     time.Time
		value  float64
		reason error
		count  service.Refused
	}{
		"NaN":  {now, math.NaN(), service.ErrValue, service.Refused{Value: 1}},
		"+Inf": {now, math.Inf(1), service.ErrValue, service.Refused{Value: 1}},
		"-Inf": {now, math.Inf(-1), service.ErrValue, service.Refused{Value: 1}},
		"too large": {now, math.Nextafter(service.MaxValue, math.Inf(1)), service.ErrValue,
			service.Refused{Value: 1}},
		"too small": {now, -math.MaxFloat64, service.ErrValue, service.Refused{Value: 1}},
		"ahead": {ahead.Add(time.Microsecond), 1, service.ErrAhead,
			service.Refused{Ahead: 1}},
		"value before moment": {ahead.Add(time.Hour), math.NaN(), service.ErrValue,
			service.Refused{Value: 1}},
		"before the epoch": {time.Unix(-1, 0), 1, service.ErrTooOld, service.Refused{TooOld: 1}},
		"no time":          {time.Time{}, 1, service.ErrTooOld, service.Refused{TooOld: 1}},
		"largest":          {now, service.MaxValue, nil, service.Refused{}},
		"smallest":         {now, -service.MaxValue, nil, service.Refused{}},
		"just not ahead":   {ahead, 1, nil, service.Refused{}},
		"the epoch":        {time.Unix(0, 0), 1, nil, service.Refused{}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filetest.Path(t)
			w := open(t, service.Config{DBPath: path}, (&clock{now: now}).options())
			s := rtt(t, w)
			sample := service.Sample{Series: s, Time: test.at, Value: test.value}
			refused(t, w, sample, test.reason)
			if diff := cmp.Diff(test.count, w.Status().Refused); diff != "" {
				t.Errorf("counted (-want +got):\n%s", diff)
			}
			stays := int64(4)
			if test.reason == nil {
				stays++
			}
			accepted(t, w, stays)
			if got := filetest.Int(t, path, filetest.CountRawSamples); got != stays {
				t.Errorf("%d samples in the file, want %d", got, stays)
			}
		})
	}
}

// refused writes a sample between two that are taken, beside another call, and checks that it alone
// gets reason.
func refused(t *testing.T, w *service.Writer, sample service.Sample, reason error) {
	t.Helper()
	neighbour := series(t, w, service.RTTDelta, "spectrum", nil)
	base := time.Now().Add(-10 * time.Second)
	beside := func(n int) service.Sample {
		return service.Sample{Series: neighbour, Time: base.Add(time.Duration(n) * time.Second), Value: 1}
	}
	other := make(chan error, 1)
	go func() { other <- w.Write(t.Context(), beside(1), beside(2)) }()
	err := w.Write(t.Context(), beside(3), sample, beside(4))
	if err := <-other; err != nil {
		t.Errorf("the other call got error %v", err)
	}
	want(t, err, reason)
	if reason == nil || err == nil {
		return
	}
	list := refusals(t, err)
	if len(list) != 1 || list[0].Sample.Series != sample.Series ||
		!list[0].Sample.Time.Equal(sample.Time.Truncate(time.Microsecond)) {
		t.Errorf("refused %v, want %v alone", err, sample)
	}
}

// Too old is what lies below the lowest floor of the file, whatever the clock says.
func TestTooOld(t *testing.T) {
	path := filetest.Path(t)
	clock := newClock()
	w := open(t, service.Config{DBPath: path, RetentionDays: 2}, clock.options())
	s := rtt(t, w)
	// no floor has moved yet
	write(t, w, service.Sample{Series: s, Time: clock.now.Add(-30 * 24 * time.Hour), Value: 1})
	_, err := w.Maintain(t.Context())
	must(t, err)

	floor := clock.now.Add(-2 * 24 * time.Hour).Truncate(time.Hour)
	old := service.Sample{Series: s, Time: floor.Add(-time.Microsecond), Value: 1}
	refused(t, w, old, service.ErrTooOld)
	write(t, w, service.Sample{Series: s, Time: floor, Value: 1})
	if got := w.Status(); got.Late != 1 || got.Refused != (service.Refused{TooOld: 1}) {
		t.Errorf("%d late and %+v refused, want 1 and one that is too old", got.Late, got.Refused)
	}

	edge := service.Sample{Series: s, Time: floor.Add(time.Microsecond), Value: 1}
	clock.now = clock.now.Add(time.Hour)
	write(t, w, edge) // the floor has not moved with the clock
	_, err = w.Maintain(t.Context())
	must(t, err)
	refused(t, w, service.Sample{Series: s, Time: floor, Value: 1}, service.ErrTooOld)
}

// Another process may have made a metric what it was not declared as here; its samples are refused,
// not mixed up.
func TestAggregationConflict(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, service.Config{DBPath: path}, modem(service.Mode))
	filetest.Exec(t, path,
		"INSERT INTO series (metric_name, wan_name, labels, aggregation) VALUES ('modem_online', "+
			"'dsl', '{}', 'avg')")
	before := filetest.Query(t, path, "SELECT * FROM series")
	// a series that is there, and a new one of the metric
	for n, wan := range []string{"dsl", "cable"} {
		sample := service.Sample{Series: series(t, w, "modem_online", wan, nil), Time: time.Now(),
			Value: 1}
		refused(t, w, sample, service.ErrAggregation)
		if got := w.Status().Refused; got != (service.Refused{Aggregation: int64(n + 1)}) {
			t.Errorf("counted %+v, want %d of the aggregation", got, n+1)
		}
	}
	after := filetest.Query(t, path, "SELECT * FROM series WHERE metric_name = 'modem_online'")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("series (-before +after):\n%s", diff)
	}
}

// What is recorded is refused silently, but counted.
func TestRefusedRecords(t *testing.T) {
	clock := newClock()
	w := open(t, service.Config{DBPath: filetest.Path(t)}, clock.options())
	s := rtt(t, w)
	w.Record(
		service.Sample{Series: s, Time: clock.now, Value: math.NaN()},
		service.Sample{Series: s, Time: clock.now, Value: 1},
		service.Sample{Series: s, Time: clock.now, Value: 2}, // of the same moment: the first one stays
		service.Sample{Series: s, Time: clock.now.Add(time.Hour), Value: 1},
		service.Sample{Time: clock.now, Value: 1},
		service.Sample{Series: s, Time: time.Unix(-1, 0), Value: 1},
	)
	must(t, w.Flush(t.Context()))
	got := w.Status()
	diff := cmp.Diff(service.Refused{Value: 1, Ahead: 1, Series: 1, TooOld: 1}, got.Refused)
	if diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if got.Accepted != 1 || got.Duplicate != 1 || got.Refused.Total() != 4 || got.LastError != nil {
		t.Errorf("%d accepted, %d duplicate, %d refused, last error %v; want 1, 1, 4, none",
			got.Accepted, got.Duplicate, got.Refused.Total(), got.LastError)
	}
}

// The error of a call names the first twenty and counts the rest.
func TestManyRefused(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	samples := numbered(rtt(t, w), 1, 60)
	for i := range samples {
		if i%2 == 0 {
			samples[i].Value = math.Inf(1)
		}
	}
	err := w.Write(t.Context(), samples...)
	want(t, err, service.ErrValue)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got error %v, want a list", err)
	}
	list := joined.Unwrap()
	if len(list) != 21 || list[20].Error() != "and 10 more samples" {
		t.Fatalf("%d in the list, the last one %v; want 20 and how many more", len(list),
			list[len(list)-1])
	}
	for i, one := range list[:20] {
		var refusal *service.SampleError
		if !errors.As(one, &refusal) ||
			!refusal.Sample.Time.Equal(samples[2*i].Time.Truncate(time.Microsecond)) {
			t.Errorf("%d in the list: %v, want that of sample %d", i, one, 2*i)
		}
	}
	accepted(t, w, 30)
}

// The error says which sample of which series, and why.
func TestSampleErrorNamesTheSample(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	s := series(t, w, service.RTT, "cable", service.Labels{"to": "a"})
	err := w.Write(t.Context(),
		service.Sample{Series: s, Time: time.Date(1969, 5, 6, 7, 8, 9, 10_000, time.UTC), Value: 1.5})
	for _, part := range []string{"1.5", service.RTT, "cable", `{"to":"a"}`,
		"1969-05-06T07:08:09.00001Z", service.ErrTooOld.Error()} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not name %s", err, part)
		}
	}
	err = w.Write(t.Context(), service.Sample{Time: time.Now()})
	if err == nil || !strings.Contains(err.Error(), "no series") {
		t.Errorf("error %v does not say that there is no series", err)
	}
}
