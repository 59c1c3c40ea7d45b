package promql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// phase is a metric of states that nobody but this test declares.
const phase = "phase"

var phases = service.StateNames{0: "idle", 1: "busy", 2: "away"}

// series is one that samples are recorded of.
type series struct {
	metric, wan string
	labels      service.Labels
	states      service.StateNames       // nil of a measurement
	value       func(*rand.Rand) float64 // of a measurement
}

// always is how many of the kinds every world has, so that there is something to ask about.
const always = 3

// kinds are the series that a world may have: round-trip times, loads of either sign, few different
// numbers, states.
var kinds = []series{
	{metric: service.RTT, wan: "spectrum", value: roundTrip},
	{metric: service.State, wan: "spectrum", states: wanctlStates()},
	{metric: "load", wan: "att", labels: service.Labels{"modem": "x"}, value: ofEitherSign},
	{
		metric: service.RTT, wan: "spectrum", labels: service.Labels{"target": "1.1.1.1"},
		value: roundTrip,
	},
	{metric: service.RTT, wan: "att", value: roundTrip},
	{metric: "load", wan: "spectrum", labels: service.Labels{"modem": "y"}, value: few},
	{metric: service.State, wan: "att", states: wanctlStates()},
	{metric: phase, wan: "att", labels: service.Labels{"state": "own"}, states: phases},
}

// wanctlStates are those of service.State.
func wanctlStates() service.StateNames {
	all := service.Metrics()
	return all[slices.IndexFunc(all, func(m service.Metric) bool {
		return m.Name == service.State
	})].States
}

func roundTrip(r *rand.Rand) float64 {
	return math.Round(1000*10*math.Exp(r.NormFloat64()*0.6)) / 1000
}

func ofEitherSign(r *rand.Rand) float64 { return (r.Float64() - 0.1) * 1000 }

func few(r *rand.Rand) float64 { return float64(r.IntN(3)) / 10 }

// world is a history that has grown for days in a moment, and all that was recorded in it.
type world struct {
	t       *testing.T
	random  *rand.Rand
	path    string
	clock   atomic.Int64
	writer  *service.Writer
	history *service.History
	handles []*service.Series
	kinds   []series

	start, end time.Time
	// onBoundaries: some samples lie exactly where buckets begin.
	onBoundaries bool
	waiting      []sample // in the order of time
	late         []sample // held back
	accepted     []sample
	floor        int64 // what is older has reached its age, in milliseconds
}

// sample is one of a series of the world.
type sample struct {
	series int
	millis int64
	value  float64
}

// policy are the ages of tiers.
type policy struct {
	raw, minute, five time.Duration
	days              service.Days
}

var policies = []policy{
	{time.Hour, 6 * time.Hour, 24 * time.Hour, 7},
	{10 * time.Minute, time.Hour, 12 * time.Hour, 2},
	{3 * time.Hour, 3 * time.Hour, 18 * time.Hour, 1},
	{30 * time.Minute, 24 * time.Hour, 24 * time.Hour, 1},
	{48 * time.Hour, 48 * time.Hour, 48 * time.Hour, 7},
}

// newWorld opens a history that is empty.
func newWorld(t *testing.T, random *rand.Rand, ages policy) *world {
	t.Helper()
	w := &world{t: t, random: random, path: filetest.Path(t)}
	w.start = time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC).
		Add(time.Duration(random.Int64N(int64(100 * time.Hour)))).Truncate(time.Millisecond)
	w.end = w.start
	w.setClock(w.start)
	w.onBoundaries = random.IntN(2) == 0
	for i, kind := range kinds {
		if i < always || random.IntN(3) > 0 {
			w.kinds = append(w.kinds, kind)
		}
	}
	config := service.Config{
		DBPath: w.path, KeepRaw: ages.raw, Keep1m: ages.minute, Keep5m: ages.five,
		RetentionDays: ages.days, CommitInterval: 1000 * time.Hour, CommitSamples: 1,
	}
	t.Logf("%+v, on boundaries: %v", ages, w.onBoundaries)
	w.open(config)
	return w
}

func (w *world) open(config service.Config) {
	w.t.Helper()
	writer, err := service.OpenWriter(w.t.Context(), config, service.Options{
		Logger: slog.New(slog.DiscardHandler), NoMaintenance: true, TrustClock: true,
		Now:     func() time.Time { return time.UnixMilli(w.clock.Load()) },
		Metrics: []service.Metric{{Name: phase, Aggregation: service.Mode, States: phases}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.writer = writer
	w.history, err = service.OpenHistory(w.t.Context(), w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		err := errors.Join(w.history.Close(), writer.CloseWithoutRollUp(context.Background()))
		if err != nil {
			w.t.Error(err)
		}
	})
	for _, one := range w.kinds {
		handle, err := writer.Series(one.metric, one.wan, one.labels)
		if err != nil {
			w.t.Fatal(err)
		}
		w.handles = append(w.handles, handle)
	}
}

func (w *world) setClock(now time.Time) { w.clock.Store(now.UnixMilli()) }

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

// record draws what happens in some time, and writes it as a program would: in the order of time,
// with maintenance in between, and some samples late.
func (w *world) record(span time.Duration) {
	w.t.Helper()
	w.draw(span)
	for w.now().Before(w.end) {
		w.goOn(time.Duration(1+w.random.IntN(180)) * time.Minute)
		if w.random.IntN(3) > 0 {
			w.maintain()
		}
	}
	w.write(w.late)
	w.late = nil
	w.floor = w.floors()[service.Hour]
}

// goOn lets time pass, and writes what was measured meanwhile.
func (w *world) goOn(span time.Duration) {
	w.t.Helper()
	now := w.now().Add(span)
	if now.After(w.end) {
		now = w.end
	}
	w.setClock(now)
	due, _ := slices.BinarySearchFunc(w.waiting, now.UnixMilli(), func(s sample, millis int64) int {
		return int(s.millis - millis)
	})
	var batch []sample
	for _, s := range w.waiting[:due] {
		if w.random.IntN(50) == 0 {
			w.late = append(w.late, s)
		} else {
			batch = append(batch, s)
		}
	}
	w.waiting = w.waiting[due:]
	if w.random.IntN(4) == 0 {
		batch = append(batch, w.late...)
		w.late = nil
	}
	w.write(batch)
}

func (w *world) maintain() {
	w.t.Helper()
	if _, err := w.writer.Maintain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// write writes samples, but for those that come too late for all tiers.
func (w *world) write(list []sample) {
	w.t.Helper()
	oldest, err := w.writer.OldestWelcome(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	list = slices.DeleteFunc(slices.Clone(list), func(s sample) bool {
		return s.millis < oldest.UnixMilli()
	})
	for batch := range slices.Chunk(list, 5000) {
		if err := w.writer.Write(w.t.Context(), w.samples(batch)...); err != nil {
			w.t.Fatalf("write: %v", err)
		}
	}
	w.accepted = append(w.accepted, list...)
}

func (w *world) samples(list []sample) []service.Sample {
	samples := make([]service.Sample, 0, len(list))
	for _, s := range list {
		samples = append(samples, service.Sample{
			Series: w.handles[s.series], Time: time.UnixMilli(s.millis), Value: s.value,
		})
	}
	return samples
}

// draw makes the samples of the next time: of each series irregular, with gaps and outages.
func (w *world) draw(span time.Duration) {
	from := w.end.UnixMilli()
	w.end = w.end.Add(span)
	taken := map[[2]int64]bool{}
	for i, one := range w.kinds {
		period := int64(5+w.random.IntN(90)) * 1000
		state := 0
		for at := from; ; {
			at += 1 + w.random.Int64N(2*period)
			switch w.random.IntN(400) {
			case 0, 1:
				at += w.random.Int64N(int64(20 * time.Minute / time.Millisecond))
			case 2:
				at += w.random.Int64N(int64(4 * time.Hour / time.Millisecond))
			}
			if at >= w.end.UnixMilli() {
				break
			}
			s := sample{series: i, millis: w.moment(at)}
			if one.states != nil {
				if w.random.IntN(10) == 0 {
					state = w.random.IntN(3) // one of the names stays without a sample
				}
				s.value = float64(state)
			} else {
				s.value = one.value(w.random)
			}
			if key := [2]int64{int64(i), s.millis}; s.millis >= from && !taken[key] {
				taken[key] = true
				w.waiting = append(w.waiting, s)
			}
		}
	}
	slices.SortStableFunc(w.waiting, func(a, b sample) int { return int(a.millis - b.millis) })
}

// moment moves a sample away from where a window may end, or exactly there.
func (w *world) moment(millis int64) int64 {
	if w.onBoundaries && w.random.IntN(8) == 0 {
		for _, width := range []int64{3_600_000, 300_000, 60_000} {
			if down := millis - millis%width; millis-down < width/8 {
				return down
			}
		}
	}
	if millis%10 == 0 {
		millis++
	}
	return millis
}

// labels are those that a series has in PromQL.
func (s series) promLabels() labels.Labels {
	all := map[string]string{metricName: s.metric, "wan": s.wan}
	maps.Copy(all, s.labels)
	return labels.FromMap(all)
}

// tiers are what each tier has completely.
func (w *world) tiers() [service.Hour + 1]service.TierSpan {
	w.t.Helper()
	snapshot, err := w.history.Snapshot(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	spans := snapshot.Tiers()
	if err := snapshot.Close(); err != nil {
		w.t.Fatal(err)
	}
	return spans
}

// floors are where the tiers begin, in milliseconds.
func (w *world) floors() (floors [service.Hour + 1]int64) {
	for g, span := range w.tiers() {
		floors[g] = span.From.UnixMilli()
	}
	return floors
}

func (w *world) String() string {
	return fmt.Sprintf("%d samples of %d series, %s to %s", len(w.accepted), len(w.kinds),
		w.start.Format(time.RFC3339), w.end.Format(time.RFC3339))
}
