package property

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Whatever is recorded, whenever it is maintained and however the program ends: the file says what
// the oracle says.
func TestHistoryEqualsOracle(t *testing.T) {
	dir := t.TempDir()
	cases := 0
	rapid.Check(t, func(t *rapid.T) {
		cases++
		m := newMachine(t, filepath.Join(dir, strconv.Itoa(cases)))
		defer m.end(t)
		t.Repeat(map[string]func(*rapid.T){
			"":                     m.check,
			"advance":              m.advance,
			"advance a little":     m.advanceLittle,
			"ask for a range":      m.askRange,
			"ask for a tier":       m.askTier,
			"ask the view":         m.askView,
			"ask a snapshot":       m.askSnapshot,
			"burst":                m.burst,
			"clock goes back":      m.clockBack,
			"close and open":       m.reopen,
			"crash and open":       m.crash,
			"copy and open":        m.goOnWithCopy,
			"flush":                m.flush,
			"maintain":             m.maintain,
			"maintain in part":     m.maintainPart,
			"record":               m.record,
			"write":                m.write,
			"write a crowd":        m.writeCrowd,
			"write a run":          m.writeRun,
			"write by another":     m.writeByAnother,
			"write what is late":   m.writeLate,
			"write what is recent": m.writeRecent,
		})
	})
}

// machine is a history file under test, and the oracle beside it.
type machine struct {
	dir    string
	files  int
	path   string
	bursts int
	dirty  bool // something has happened to the file since it was compared

	clock  atomic.Int64           // what Options.Now says
	step   atomic.Pointer[func()] // what Options.Watchdog calls
	config service.Config

	writer  *service.Writer
	handles []*service.Series
	other   another
	history *service.History
	view    filetest.View
	names   map[int64]string // of the series, by their ids
	oracle  *oracle
}

func newMachine(t *rapid.T, dir string) *machine {
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	start := micros(rapid.Int64Range(0, int64(400*day)).Draw(t, "start"))
	start += rapid.SampledFrom([]micros{20_000 * day, 20_000 * day, 20_000 * day,
		endOfKeys - 200*day}).Draw(t, "era")
	m := &machine{dir: dir, dirty: true, path: filepath.Join(dir, "0.db"), oracle: newOracle(start)}
	m.open(t)
	m.drawFirstSeries(t)
	return m
}

// drawFirstSeries has the ids of series begin below a multiple of 256, so that two parts have
// blocks.
func (m *machine) drawFirstSeries(t *rapid.T) {
	t.Helper()
	m.oracle.before = rapid.SampledFrom([]int{0, 253, 1022}).Draw(t, "ids before")
	if m.oracle.before == 0 {
		return
	}
	sequence := fmt.Sprintf("INSERT INTO sqlite_sequence (name, seq) VALUES ('series', %d)",
		m.oracle.before)
	if err := filetest.Run(m.path, sequence); err != nil {
		t.Fatal(err)
	}
}

// open opens the file with a policy, which may be that of the file.
func (m *machine) open(t *rapid.T) {
	t.Helper()
	m.config = service.Config{
		DBPath: m.path,
		// a commit happens when the test asks for one, so that a crash loses the rest
		CommitInterval: 1000 * time.Hour,
		CommitSamples:  60_000,
		Grace: time.Duration(rapid.SampledFrom([]micros{1, 10 * second, 2 * minute}).Draw(t,
			"grace")) * time.Microsecond,
	}
	m.oracle.grace = micros(m.config.Grace.Microseconds())
	if rapid.Bool().Draw(t, "configured") {
		m.drawPolicy(t)
	}
	m.oracle.counters = counters{}
	m.openWriter(t)
	var err error
	if m.history, err = service.OpenHistory(t.Context(), m.path); err != nil {
		t.Fatal(err)
	}
	if m.view, err = filetest.Open(m.path); err != nil {
		t.Fatal(err)
	}
}

// stopReading closes what reads the file beside the writer.
func (m *machine) stopReading(t *rapid.T) {
	t.Helper()
	if err := errors.Join(m.history.Close(), m.view.Close()); err != nil {
		t.Fatal(err)
	}
}

// drawPolicy draws ages in the order of their tiers.
func (m *machine) drawPolicy(t *rapid.T) {
	ages := [tierCount]micros{
		rapid.SampledFrom([]micros{minute, 7 * minute, hour, 30 * hour}).Draw(t, "keep raw"),
		rapid.SampledFrom([]micros{5 * minute, hour, day, 40 * hour}).Draw(t, "keep 1m"),
		rapid.SampledFrom([]micros{hour, 90 * minute, 2 * day, 9 * day}).Draw(t, "keep 5m"),
		day * rapid.SampledFrom([]micros{1, 2, 30}).Draw(t, "retention"),
	}
	ages[oneMinute] = max(ages[oneMinute], ages[raw])
	ages[fiveMinutes] = max(ages[fiveMinutes], ages[oneMinute])
	m.config.KeepRaw = time.Duration(ages[raw]) * time.Microsecond
	m.config.Keep1m = time.Duration(ages[oneMinute]) * time.Microsecond
	m.config.Keep5m = time.Duration(ages[fiveMinutes]) * time.Microsecond
	m.config.RetentionDays = service.Days(ages[oneHour] / day)
	for g, age := range ages {
		m.oracle.tiers[g].keep = age
	}
}

func (m *machine) openWriter(t *rapid.T) {
	t.Helper()
	nothing := func() {}
	m.step.Store(&nothing)
	m.clock.Store(int64(m.oracle.now))
	writer, err := service.OpenWriter(t.Context(), m.config, service.Options{
		Logger:        slog.New(slog.DiscardHandler),
		Now:           func() time.Time { return micros(m.clock.Load()).time() },
		TrustClock:    true,
		Watchdog:      func() { (*m.step.Load())() },
		NoMaintenance: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	m.writer = writer
	m.handles = nil
	for _, one := range world {
		handle, err := writer.Series(one.metric, one.wan, one.labels)
		if err != nil {
			t.Fatal(err)
		}
		m.handles = append(m.handles, handle)
	}
}

func (m *machine) samples(list []sample) []service.Sample {
	samples := make([]service.Sample, 0, len(list))
	for _, s := range list {
		samples = append(samples,
			service.Sample{Series: m.handles[s.series], Time: s.ts.time(), Value: s.value})
	}
	return samples
}

func (m *machine) record(t *rapid.T) {
	list := m.draw(t, m.anyTime)
	m.writer.Record(m.samples(list)...)
	m.oracle.pending = append(m.oracle.pending, list...)
}

func (m *machine) write(t *rapid.T)       { m.writeSamples(t, m.draw(t, m.anyTime)) }
func (m *machine) writeRecent(t *rapid.T) { m.writeSamples(t, m.draw(t, m.recentTime)) }
func (m *machine) writeLate(t *rapid.T)   { m.writeSamples(t, m.draw(t, m.lateTime)) }

// writeRun writes what a control loop records in some minutes, so that buckets hold more than one
// sample.
func (m *machine) writeRun(t *rapid.T) {
	interval := micros(rapid.Int64Range(int64(second), int64(100*second)).Draw(t, "interval"))
	ts := m.anyTime(t)
	list := make([]sample, rapid.IntRange(10, 60).Draw(t, "samples"))
	for i := range list {
		series := i % len(world)
		list[i] = sample{series: series, ts: max(ts-micros(i)*interval, 0),
			value: drawValue(t, world[series].mode)}
	}
	m.dirty = true
	// it names twenty refused samples; the counters are compared anyway
	_ = m.writer.Write(t.Context(), m.samples(list)...)
	m.oracle.commit(list)
}

func (m *machine) writeSamples(t *rapid.T, list []sample) {
	t.Helper()
	m.dirty = true
	samples := m.samples(list)
	err := m.writer.Write(t.Context(), samples...)
	refused := map[service.Sample]error{}
	for i, reason := range m.oracle.commit(list) {
		if reason != nil && !math.IsNaN(samples[i].Value) { // a NaN is no key
			refused[samples[i]] = reason
		}
	}
	got := map[service.Sample]error{}
	for _, one := range sampleErrors(t, err) {
		if math.IsNaN(one.Sample.Value) && errors.Is(one, service.ErrValue) {
			continue
		}
		one.Sample.Time = one.Sample.Time.UTC()
		got[one.Sample] = one.Err
	}
	if diff := cmp.Diff(refused, got, cmpopts.EquateErrors(),
		cmp.Comparer(func(a, b *service.Series) bool { return a == b })); diff != "" {
		t.Fatalf("refused samples (-want +got):\n%s", diff)
	}
}

func sampleErrors(t *rapid.T, err error) []*service.SampleError {
	t.Helper()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("want a list of samples, got %v", err)
	}
	var list []*service.SampleError
	for _, one := range joined.Unwrap() {
		var refusal *service.SampleError
		if !errors.As(one, &refusal) {
			t.Fatalf("want the error of a sample, got %v", one)
		}
		list = append(list, refusal)
	}
	return list
}

func (m *machine) flush(t *rapid.T) {
	m.dirty = true
	if err := m.writer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.oracle.commit(nil)
}

// burst records more within one minute than a page of raw samples has.
func (m *machine) burst(t *rapid.T) {
	if m.bursts > 0 || rapid.IntRange(0, 99).Draw(t, "rarely") != 67 {
		t.Skip("it is slow, under the race detector above all")
	}
	m.bursts++
	begin := m.oracle.now - 50*second
	var list []sample
	for i := range micros(12_000) {
		list = append(list,
			sample{series: int(i) % len(world), ts: begin + i*4000, value: float64(i % 7)})
	}
	m.writer.Record(m.samples(list)...)
	m.oracle.pending = append(m.oracle.pending, list...)
	m.flush(t)
}

func (m *machine) advance(t *rapid.T) {
	m.setClock(m.oracle.now + micros(rapid.OneOf(
		rapid.Int64Range(int64(minute), int64(20*minute)),
		rapid.Int64Range(int64(hour), int64(30*hour)),
		rapid.Int64Range(int64(day), int64(12*day)),
	).Draw(t, "advance")))
}

func (m *machine) advanceLittle(t *rapid.T) {
	m.setClock(m.oracle.now + micros(rapid.Int64Range(0, int64(2*minute)).Draw(t, "advance")))
}

// clockBack is what happens when a machine without a battery for its clock is set right: nothing is
// taken back by that.
func (m *machine) clockBack(t *rapid.T) {
	m.setClock(m.oracle.now - micros(rapid.Int64Range(1, int64(3*hour)).Draw(t, "back")))
}

func (m *machine) setClock(now micros) {
	m.oracle.now = now
	m.clock.Store(int64(now))
}

// idle returns when the writer is between two pieces of work.
func (m *machine) idle(t *rapid.T) {
	t.Helper()
	if _, err := m.writer.Imports(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// maintain runs a whole pass, and another one that must find nothing to do.
func (m *machine) maintain(t *rapid.T) {
	m.dirty = true
	report, err := m.writer.Maintain(t.Context())
	if err != nil || report.Err != nil || report.MoreDue {
		t.Fatalf("maintain: %v, report %+v", err, report)
	}
	expired := m.oracle.maintain()
	if report.Expired != expired {
		t.Fatalf("%d samples expired, want %d", report.Expired, expired)
	}
	m.checkSwept(t)
	before := m.dump(t)
	report, err = m.writer.Maintain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	none := service.TierRows{}
	if report.RolledUp != none || report.Deleted != none || report.Expired != 0 {
		t.Fatalf("a second pass did something, want nothing: %+v", report)
	}
	if diff := cmp.Diff(before, m.dump(t)); diff != "" {
		t.Fatalf("a second pass changed the file (-before +after):\n%s", diff)
	}
}

// maintainPart cancels a pass after some of its steps. How far it came is in the file, within what
// a whole pass does.
func (m *machine) maintainPart(t *rapid.T) {
	m.dirty = true
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	left := rapid.IntRange(0, 12).Draw(t, "steps")
	if left == 0 {
		cancel()
	}
	countdown := func() {
		if left--; left <= 0 {
			cancel()
		}
	}
	m.step.Store(&countdown)
	_, err := m.writer.Maintain(ctx)
	m.idle(t) // the last call of the countdown is over
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err == nil {
		m.oracle.maintain()
		return
	}
	from := m.oracle.tiers
	m.oracle.maintain()
	to := m.oracle.tiers
	m.oracle.tiers = m.readTiers(t)
	for g, got := range m.oracle.tiers {
		if got.floor < from[g].floor || got.floor > to[g].floor || got.watermark < from[g].watermark ||
			got.watermark > to[g].watermark {
			t.Fatalf("tier %s is at %+v after a part of a pass, want between %+v and %+v", names[g], got,
				from[g], to[g])
		}
	}
}

// reopen closes the file, in good order or in a hurry, and opens it again.
func (m *machine) reopen(t *rapid.T) {
	m.dirty = true
	m.closeAnother(t)
	m.stopReading(t)
	if rapid.Bool().Draw(t, "in a hurry") {
		m.closeNow(t)
		m.oracle.commit(nil)
	} else {
		if err := m.writer.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.oracle.commit(nil)
		m.oracle.rollUp()
	}
	m.open(t)
}

// closeNow closes without time for rolling up.
func (m *machine) closeNow(t *rapid.T) {
	t.Helper()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.writer.Close(cancelled); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := m.writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// crash goes on with the file as a power loss at this moment would leave it.
func (m *machine) crash(t *rapid.T) {
	m.idle(t)
	m.moveTo(t, filetest.CopyOpen)
}

func (m *machine) end(t *rapid.T) {
	m.closeAnother(t)
	m.stopReading(t)
	m.closeNow(t)
	if err := filetest.Check(m.path); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(m.dir); err != nil {
		t.Error(err)
	}
}
