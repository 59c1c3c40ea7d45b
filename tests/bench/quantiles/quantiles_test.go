// Package quantiles measures what the sketches of buckets cost: the same week is recorded with them
// and without.
package quantiles

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/cputime"
)

const (
	rate  = 20 // samples a second of each series
	hours = 7 * 24
)

var begin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// world is a history whose clock moves with what is recorded.
type world struct {
	writer  *service.Writer
	series  []*service.Series
	micros  atomic.Int64
	random  *rand.Rand
	rollUp  time.Duration // processor time of maintenance
	samples []service.Sample
}

// BenchmarkWeek records a controller's seven series for a week, maintains the history each hour,
// and asks for the week of one series at 5m.
func BenchmarkWeek(b *testing.B) {
	for _, test := range []struct {
		name          string
		noPercentiles bool
	}{{"sketches", false}, {"none", true}} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				w := open(b, test.noPercentiles)
				insert := cputime.Used()
				for range hours {
					w.hour(b)
				}
				insert = cputime.Used() - insert - w.rollUp
				total := float64(hours * 3600 * rate * len(w.series))
				b.ReportMetric(float64(w.rollUp.Nanoseconds())/total, "maintenance-cpu-ns/sample")
				b.ReportMetric(float64(insert.Nanoseconds())/total, "insert-cpu-ns/sample")
				b.ReportMetric(w.size(b)/1e6, "MB")
				b.ReportMetric(w.ask(b, false), "mean-cpu-ms")
				b.ReportMetric(w.ask(b, true), "p95-cpu-ms")
				if err := w.writer.Close(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func open(b *testing.B, noPercentiles bool) *world {
	b.Helper()
	w := &world{random: rand.New(rand.NewPCG(1, 2))}
	w.micros.Store(begin.UnixMicro())
	metrics := service.Metrics()
	for i := range metrics {
		metrics[i].NoPercentiles = noPercentiles
	}
	path := filepath.Join(b.TempDir(), "metrics.db")
	writer, err := service.OpenWriter(b.Context(), service.Config{DBPath: path}, service.Options{
		Logger: slog.New(slog.DiscardHandler), TrustClock: true, NoMaintenance: true,
		Metrics: metrics[:7],
		Now:     func() time.Time { return time.UnixMicro(w.micros.Load()) },
	})
	if err != nil {
		b.Fatal(err)
	}
	w.writer = writer
	for _, metric := range metrics[:7] {
		series, err := writer.Series(metric.Name, "cable", nil)
		if err != nil {
			b.Fatal(err)
		}
		w.series = append(w.series, series)
	}
	return w
}

// hour records an hour, commits each second, and maintains the history once.
func (w *world) hour(b *testing.B) {
	b.Helper()
	for range 3600 {
		w.samples = w.samples[:0]
		for range rate {
			at := time.UnixMicro(w.micros.Add(time.Second.Microseconds() / rate))
			for i, series := range w.series {
				w.samples = append(w.samples, service.Sample{Series: series, Time: at, Value: w.value(i)})
			}
		}
		if err := w.writer.Write(b.Context(), w.samples...); err != nil {
			b.Fatal(err)
		}
	}
	before := cputime.Used()
	if _, err := w.writer.Maintain(b.Context()); err != nil {
		b.Fatal(err)
	}
	w.rollUp += cputime.Used() - before
}

// value makes a state, or a measurement whose logarithm is normal: an hour of it has some sixty
// bins, as one of a round-trip time over Starlink has.
func (w *world) value(series int) float64 {
	if series >= 5 {
		return float64(w.random.IntN(4))
	}
	return math.Round(40e6*math.Exp(0.2*w.random.NormFloat64())) / 1e6
}

func (w *world) size(b *testing.B) float64 {
	b.Helper()
	info, err := os.Stat(w.writer.Path())
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size())
}

// ask returns the processor time that the question takes, in milliseconds.
func (w *world) ask(b *testing.B, quantiles bool) float64 {
	b.Helper()
	const times = 20
	history, err := service.OpenHistory(b.Context(), w.writer.Path())
	if err != nil {
		b.Fatal(err)
	}
	defer history.Close()
	now := time.UnixMicro(w.micros.Load())
	query := service.Query{
		Filter: service.Filter{Metrics: []string{service.RTT}},
		From:   now.Add(-hours * time.Hour), Until: now, Step: 5 * time.Minute, Quantiles: quantiles,
	}
	before := cputime.Used()
	for range times {
		points := 0
		for point, err := range history.Range(b.Context(), query) {
			if err != nil {
				b.Fatal(err)
			}
			if _, ok := point.Quantile(0.95); ok != (quantiles && point.Distribution != nil) {
				b.Fatal("a quantile that was not asked for")
			}
			points++
		}
		if points < hours*12-1 {
			b.Fatalf("%d points", points)
		}
	}
	return float64((cputime.Used() - before).Microseconds()) / 1e3 / times
}
