package push

import (
	"context"
	"flag"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := filetest.NoTestLog(); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a recorder, a sender of its history and a receiver, in a bubble of simulated time.
type world struct {
	t        *testing.T
	writer   *service.Writer
	receiver *receiver
	config   Config
	sender   *Sender
	end      func()        // of the sender
	ahead    atomic.Int64  // how far the clock of the sender is ahead
	jitter   time.Duration // of the sender; a random one if it is 0

	rtt, state *service.Series
	recorded   int
}

// every is how often a sample of each series is recorded, and committed.
const every = 20 * time.Second

// simulated runs a test in a bubble with a world of its own.
func simulated(t *testing.T, f func(w *world)) {
	t.Helper()
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, path)
		defer w.close()
		f(w)
	})
}

// newWorld opens a history at path, of which nothing is sent yet.
func newWorld(t *testing.T, path string) *world {
	t.Helper()
	return newWorldOf(t, service.Config{DBPath: path})
}

// newWorldOf is newWorld with a writer of that configuration.
func newWorldOf(t *testing.T, config service.Config) *world {
	t.Helper()
	config.CommitInterval, config.Grace = every, 30*time.Second
	quiet := service.Options{Logger: slog.New(slog.DiscardHandler)}
	writer, err := service.OpenWriter(t.Context(), config, quiet)
	must(t, err)
	w := &world{
		t: t, writer: writer, receiver: &receiver{disk: stored{}},
		config: Config{URL: "http://receiver/api/v1/write", Site: "berlin"},
	}
	w.rtt, err = writer.Series(service.RTT, "cable", service.Labels{"probe": "tcp"})
	must(t, err)
	w.state, err = writer.Series(service.State, "cable", nil)
	must(t, err)
	return w
}

// close ends everything.
func (w *world) close() {
	w.t.Helper()
	w.stop()
	if err := w.writer.Close(context.WithoutCancel(w.t.Context())); err != nil {
		w.t.Error(err)
	}
}

// start begins to send.
func (w *world) start() {
	w.t.Helper()
	options := Options{
		Logger: slog.New(slog.DiscardHandler),
		Now:    func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) },
	}
	sender, err := Open(w.t.Context(), w.writer, w.config, options)
	must(w.t, err)
	if w.jitter > 0 {
		sender.jitter = w.jitter
	}
	sender.poster.client = newClient(w.receiver)
	sender.asker.client = sender.poster.client
	w.receiver.mu.Lock()
	w.receiver.ended = sender.disconnected
	w.receiver.mu.Unlock()
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	var running sync.WaitGroup
	running.Go(func() { sender.Run(ctx) })
	w.sender = sender
	w.end = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := sender.Close(); err != nil {
			w.t.Error(err)
		}
	})
}

// stop ends the sender, as a kill would: it writes nothing more.
func (w *world) stop() {
	if w.end != nil {
		w.end()
	}
}

// pass records for so long, a sample of each series each time.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		w.writer.Record(
			service.Sample{Series: w.rtt, Time: time.Now(), Value: float64(w.recorded % 100)},
			service.Sample{Series: w.state, Time: time.Now(), Value: float64(w.recorded / 7 % 3)})
		w.recorded++
		time.Sleep(every)
	}
}

// check wants the receiver to have each bucket of the file that began before a moment, and no
// other.
func (w *world) check(before time.Time) {
	w.t.Helper()
	w.checkFrom(time.Time{}, before)
}

// checkFrom is check for what began at a moment or later.
func (w *world) checkFrom(from, before time.Time) {
	w.t.Helper()
	const g = service.Minute
	want := stored{}
	history, err := w.writer.History(w.t.Context())
	must(w.t, err)
	defer history.Close()
	view, err := history.Snapshot(w.t.Context())
	must(w.t, err)
	defer view.Close()
	query := service.BucketQuery{Series: view.Series(), Granularity: g, Until: before,
		From: later(from, view.Tiers()[g].From)}
	for b, err := range view.Buckets(w.t.Context(), query) {
		must(w.t, err)
		w.expect(want, view.Series(), b, g)
	}
	if len(want) == 0 {
		w.t.Error("there is nothing to compare")
	}
	w.compare(want, w.receiver.copy(), query.From, before)
}

// expect adds what a receiver should have of a bucket, told in another way than the sender does.
func (w *world) expect(
	want stored, all []service.SeriesInfo, b service.Bucket, g service.Granularity,
) {
	info := all[b.SeriesID-1]
	labels := `{site="berlin",wan="cable"}`
	if info.Metric == service.RTT {
		labels = `{probe="tcp",site="berlin",wan="cable"}`
	}
	put := func(name, labels string, value float64) {
		if want[name+labels] == nil {
			want[name+labels] = map[int64]float64{}
		}
		want[name+labels][b.Time.UnixMilli()+g.Bucket().Milliseconds()-1] = value
	}
	put(info.Metric, labels, b.Value(info.Aggregation))
	put(info.Metric+"_min", labels, b.Min)
	put(info.Metric+"_max", labels, b.Max)
	put(info.Metric+"_sum", labels, b.Sum)
	put(info.Metric+"_count", labels, float64(b.Count))
	if info.Aggregation != service.Mode {
		return
	}
	for i, name := range []string{"GREEN", "YELLOW", "SOFT_RED", "RED"} {
		share := 0.0
		for _, s := range b.States {
			if s.Value == float64(i) {
				share = float64(s.Count) / float64(b.Count)
			}
		}
		put(info.Metric+"_ratio", `{site="berlin",state="`+name+`",wan="cable"}`, share)
	}
}

// compare compares what is in [from, until).
func (w *world) compare(want, got stored, from, until time.Time) {
	w.t.Helper()
	wrong := 0
	complain := func(format string, args ...any) {
		if wrong++; wrong <= 10 {
			w.t.Errorf(format, args...)
		}
	}
	for _, name := range want.names() {
		for ts, value := range want[name] {
			has, ok := got[name][ts]
			if at := time.UnixMilli(ts).UTC(); !ok {
				complain("%s has nothing at %s", name, at)
			} else if math.Abs(has-value) > 1e-9 {
				complain("%s has %v at %s, want %v", name, has, at, value)
			}
		}
	}
	for _, name := range got.names() {
		for ts := range got[name] {
			at := time.UnixMilli(ts).UTC()
			if _, ok := want[name][ts]; !ok && !at.Before(from) && at.Before(until) &&
				!strings.Contains(name, granularityLabel) {
				complain("%s has something at %s", name, at)
			}
		}
	}
	if wrong > 10 {
		w.t.Errorf("and %d more", wrong-10)
	}
}
