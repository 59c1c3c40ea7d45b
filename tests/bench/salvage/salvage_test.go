// Package salvage measures what it takes to bring back what is intact in a damaged history. It is
// apart from the other benchmarks, which run with earlier versions as well.
package salvage

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/cputime"
)

const rate = 20 // samples a second of each series

var begin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// world is a history whose clock moves with what is recorded.
type world struct {
	path    string
	micros  atomic.Int64
	step    time.Duration // processor time when the last step ended
	longest time.Duration
}

// BenchmarkSalvage brings back the raw samples of an hour, and the buckets made of them, from a
// file that has lost its first page. The longest step is what a commit may have to wait for.
func BenchmarkSalvage(b *testing.B) {
	for _, l := range []struct{ series, minutes int }{{7, 60}, {200, 30}} {
		b.Run(fmt.Sprintf("load=%dx%dHz", l.series, rate), func(b *testing.B) {
			var bytes int64
			var prepare, take, longest time.Duration
			for b.Loop() {
				w := world{path: filepath.Join(b.TempDir(), "metrics.db")}
				w.micros.Store(begin.UnixMicro())
				w.record(b, l.series, l.minutes)
				damaged, size := w.damage(b)
				bytes += size
				prepared, taken := w.salvage(b, damaged)
				prepare, take, longest = prepare+prepared, take+taken, max(longest, w.longest)
			}
			mega := float64(bytes) / 1e6
			b.ReportMetric(mega/float64(b.N), "MB")
			b.ReportMetric(mega/prepare.Seconds(), "MB-put-together/cpu-s")
			b.ReportMetric(mega/take.Seconds(), "MB-taken/cpu-s")
			b.ReportMetric(float64(longest.Microseconds())/1e3, "longest-step-cpu-ms")
		})
	}
}

func (w *world) open(b *testing.B) *service.Writer {
	b.Helper()
	writer, err := service.OpenWriter(b.Context(), service.Config{DBPath: w.path}, service.Options{
		Logger: slog.New(slog.DiscardHandler), TrustClock: true, NoMaintenance: true,
		Now:      func() time.Time { return time.UnixMicro(w.micros.Load()) },
		Watchdog: w.stepped,
	})
	must(b, err)
	return writer
}

// stepped is called after each step, by the goroutine of the writer.
func (w *world) stepped() {
	now := cputime.Used()
	w.longest = max(w.longest, now-w.step)
	w.step = now
}

// record makes a closed history, two in seven of whose series are states, with a pass of
// maintenance each minute.
func (w *world) record(b *testing.B, series, minutes int) {
	b.Helper()
	writer := w.open(b)
	metrics := service.Metrics()
	list := make([]*service.Series, series)
	for i := range list {
		var err error
		list[i], err = writer.Series(metrics[i%7].Name, fmt.Sprintf("w%d", i/7), nil)
		must(b, err)
	}
	for second := range 60 * minutes {
		samples := make([]service.Sample, 0, rate*series)
		for range rate {
			now := w.micros.Add(1e6 / rate)
			for i, s := range list {
				value := float64((now/50_000*int64(i+3))%9973) / 1000
				if metrics[i%7].Aggregation == service.Mode {
					value = float64(now / 1e6 % 4)
				}
				samples = append(samples, service.Sample{Series: s, Time: time.UnixMicro(now), Value: value})
			}
		}
		must(b, writer.Write(b.Context(), samples...))
		if second%60 == 59 {
			_, err := writer.Maintain(b.Context())
			must(b, err)
		}
	}
	must(b, writer.Close(context.Background()))
}

// damage gives the history the name of a damaged one, and takes its first page.
func (w *world) damage(b *testing.B) (damaged string, size int64) {
	b.Helper()
	data, err := os.ReadFile(w.path)
	must(b, err)
	clear(data[:512])
	damaged = w.path + ".damaged-20260301T060000Z"
	must(b, os.WriteFile(damaged, data, 0o600))
	must(b, os.Remove(w.path))
	w.micros.Add(time.Minute.Microseconds() * 2) // so that all samples are to be rolled up
	return damaged, int64(len(data))
}

// salvage returns the processor time that it takes to put together what is intact, and to take it.
func (w *world) salvage(b *testing.B, damaged string) (prepare, take time.Duration) {
	b.Helper()
	writer := w.open(b)
	_, err := writer.Maintain(b.Context())
	must(b, err)
	before := cputime.Used()
	prepared, err := service.PrepareSalvage(b.Context(), damaged, w.path)
	must(b, err)
	prepare = cputime.Used() - before
	before = cputime.Used()
	w.step, w.longest = before, 0
	must(b, writer.Salvage(b.Context(), prepared))
	take = cputime.Used() - before
	must(b, prepared.Close())
	must(b, writer.Close(context.Background()))
	return prepare, take
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
