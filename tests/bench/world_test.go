package bench

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// cycle is the period of the control loop whose samples are recorded: 20 Hz.
const cycle = 50 * time.Millisecond

// world is a writer with a clock of its own, which moves with the samples that are made.
type world struct {
	load   load
	writer *service.Writer
	series []*service.Series
	micros atomic.Int64 // the clock
	steps  stepMeter
	random *rand.Rand
	buffer []service.Sample
}

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// newWorld opens a writer for a load, of whose series two in seven are states, as in a controller.
func newWorld(b *testing.B, l load, config service.Config) *world {
	b.Helper()
	w := &world{load: l, random: newRandom()}
	w.micros.Store(start.UnixMicro())
	config.DBPath = filepath.Join(b.TempDir(), "metrics.db")
	var err error
	w.writer, err = service.OpenWriter(context.Background(), config, service.Options{
		Logger:        slog.New(slog.DiscardHandler),
		Now:           w.now,
		TrustClock:    true,
		NoMaintenance: true,
		Watchdog:      w.steps.step,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { w.close(b) })
	metrics := service.Metrics()
	for i := range l.series {
		series, err := w.writer.Series(metrics[i%7].Name, fmt.Sprintf("w%d", i/7), nil)
		if err != nil {
			b.Fatal(err)
		}
		w.series = append(w.series, series)
	}
	return w
}

// close may be called twice.
func (w *world) close(b *testing.B) {
	b.Helper()
	if err := w.writer.Close(context.Background()); err != nil {
		b.Error(err)
	}
}

func (w *world) now() time.Time { return time.UnixMicro(w.micros.Load()) }

// cycles makes the samples of n cycles of the loop, which last until it is called again. The clock
// moves with them.
func (w *world) cycles(n int) []service.Sample {
	period := time.Second / time.Duration(w.load.rate)
	w.buffer = w.buffer[:0]
	for range n {
		now := time.UnixMicro(w.micros.Add(period.Microseconds()))
		for i, series := range w.series {
			sample := service.Sample{Series: series, Time: now, Value: value(w.random, i)}
			w.buffer = append(w.buffer, sample)
		}
	}
	return w.buffer
}

// seconds makes the samples of n seconds, a batch each.
func (w *world) seconds(n int) [][]service.Sample {
	return slices.Collect(slices.Chunk(w.cycles(n*w.load.rate), w.load.rate*len(w.series)))
}

// record makes ten seconds at a time, and commits one second after the other: the meter runs for
// the commits alone.
func (w *world) record(b *testing.B, m *meter, minutes int) {
	b.Helper()
	for range 6 * minutes {
		batches := w.seconds(10)
		m.run(b, func() { w.commitAll(b, batches) })
	}
	m.run(b, func() { w.flush(b) })
}

func (w *world) commitAll(b *testing.B, batches [][]service.Sample) {
	b.Helper()
	for _, batch := range batches {
		w.commit(b, batch)
	}
}

func (w *world) commit(b *testing.B, samples []service.Sample) {
	b.Helper()
	if err := w.writer.Write(context.Background(), samples...); err != nil {
		b.Fatal(err)
	}
}

// flush waits for what the writer does behind a commit or a pass: a checkpoint.
func (w *world) flush(b *testing.B) {
	b.Helper()
	if err := w.writer.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// write commits the samples of n cycles.
func (w *world) write(b *testing.B, n int) {
	b.Helper()
	w.commit(b, w.cycles(n))
}

// maintain runs a whole pass, and waits for the checkpoint behind it.
func (w *world) maintain(b *testing.B) service.Report {
	b.Helper()
	w.steps.begin()
	report, err := w.writer.Maintain(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	w.flush(b)
	return report
}

// waitForRoom lets the writer catch up, so that a producer at full speed loses nothing.
func (w *world) waitForRoom() {
	for w.writer.Status().QueueDepth > 40_000 {
		time.Sleep(time.Millisecond)
	}
}
