package bench

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// cycle is the period of the control loop whose samples are recorded: 20 Hz.
const cycle = 50 * time.Millisecond

// world is a writer with a clock of its own, which moves with the samples that are made.
type world struct {
	writer *service.Writer
	series []*service.Series
	micros atomic.Int64 // the clock
	random *rand.Rand
	buffer []service.Sample
}

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// newWorld opens a writer with n series, of which two in seven are states, as in a controller.
func newWorld(b *testing.B, n int, config service.Config) *world {
	b.Helper()
	w := &world{random: rand.New(rand.NewPCG(1, 2))}
	w.micros.Store(start.UnixMicro())
	config.DBPath = filepath.Join(b.TempDir(), "metrics.db")
	var err error
	w.writer, err = service.OpenWriter(context.Background(), config, service.Options{
		Logger:        slog.New(slog.DiscardHandler),
		Now:           w.now,
		TrustClock:    true,
		NoMaintenance: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := w.writer.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	metrics := service.Metrics()
	for i := range n {
		wan := string(rune('a'+i/len(metrics)%26)) + string(rune('a'+i/len(metrics)/26))
		series, err := w.writer.Series(metrics[i%len(metrics)].Name, wan, nil)
		if err != nil {
			b.Fatal(err)
		}
		w.series = append(w.series, series)
	}
	return w
}

func (w *world) now() time.Time { return time.UnixMicro(w.micros.Load()) }

// cycles makes the samples of n cycles of the loop. The clock moves with them.
func (w *world) cycles(n int) []service.Sample {
	w.buffer = w.buffer[:0]
	for range n {
		now := time.UnixMicro(w.micros.Add(cycle.Microseconds()))
		for i, series := range w.series {
			value := 20 + w.random.Float64()*5
			if i%7 >= 5 {
				value = float64(w.random.IntN(4))
			}
			w.buffer = append(w.buffer, service.Sample{Series: series, Time: now, Value: value})
		}
	}
	return w.buffer
}

// write commits the samples of n cycles.
func (w *world) write(b *testing.B, n int) int {
	b.Helper()
	samples := w.cycles(n)
	if err := w.writer.Write(context.Background(), samples...); err != nil {
		b.Fatal(err)
	}
	return len(samples)
}

// maintain runs a whole pass.
func (w *world) maintain(b *testing.B) service.Report {
	b.Helper()
	report, err := w.writer.Maintain(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return report
}

// waitForRoom lets the writer catch up, so that a producer at full speed loses nothing.
func (w *world) waitForRoom() {
	for w.writer.Status().QueueDepth > 40_000 {
		time.Sleep(time.Millisecond)
	}
}
