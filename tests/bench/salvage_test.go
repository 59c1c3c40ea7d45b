package bench

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// BenchmarkSalvage brings back an hour of raw samples, and the buckets made of them, from a file that
// has lost its first page. The longest step is what a commit may have to wait for.
func BenchmarkSalvage(b *testing.B) {
	for _, l := range []load{{7, 20, 60}, {200, 20, 30}} {
		b.Run(l.String(), func(b *testing.B) {
			var prepare, take meter
			var bytes int64
			var longest time.Duration
			for b.Loop() {
				w := newWorld(b, l, service.Config{})
				w.minutes(b, new(meter), new(passes), l.minutes)
				w.close(b)
				damaged, size := damage(b, w.writer.Path())
				bytes += size
				w.micros.Add(time.Minute.Microseconds() * 2) // so that all of it is to be rolled up
				longest = max(longest, w.salvage(b, damaged, &prepare, &take))
			}
			mega := float64(bytes) / 1e6
			b.ReportMetric(mega/prepare.cpu.Seconds(), "MB-put-together/cpu-s")
			b.ReportMetric(mega/take.cpu.Seconds(), "MB-taken/cpu-s")
			b.ReportMetric(milliseconds(longest), "longest-step-cpu-ms")
		})
	}
}

// damage gives a closed history the name of a damaged one, and takes its first page.
func damage(b *testing.B, path string) (damaged string, size int64) {
	b.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	clear(data[:512])
	damaged = path + ".damaged-20260301T060000Z"
	if err := os.WriteFile(damaged, data, 0o600); err != nil {
		b.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		b.Fatal(err)
	}
	return damaged, int64(len(data))
}

// salvage takes a damaged file in, and returns how long the longest step was.
func (w *world) salvage(b *testing.B, damaged string, prepare, take *meter) time.Duration {
	b.Helper()
	ctx := context.Background()
	var err error
	w.writer, err = service.OpenWriter(ctx, service.Config{DBPath: w.writer.Path()}, service.Options{
		Logger: slog.New(slog.DiscardHandler), Now: w.now, TrustClock: true, NoMaintenance: true,
		Watchdog: w.steps.step,
	})
	if err != nil {
		b.Fatal(err)
	}
	w.maintain(b)
	var prepared *service.Salvage
	prepare.run(b, func() { prepared, err = service.PrepareSalvage(ctx, damaged, w.writer.Path()) })
	if err != nil {
		b.Fatal(err)
	}
	w.steps.longest = 0
	w.steps.begin()
	take.run(b, func() { err = w.writer.Salvage(ctx, prepared) })
	if err != nil {
		b.Fatal(err)
	}
	if err := prepared.Close(); err != nil {
		b.Fatal(err)
	}
	w.close(b)
	return w.steps.longest
}
