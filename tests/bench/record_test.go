package bench

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// BenchmarkRecord is the price that the control loop pays a sample: 7 series in one call, one
// operation a sample.
func BenchmarkRecord(b *testing.B) {
	w := newWorld(b, controller, service.Config{})
	samples := w.cycles(1)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		w.writer.Record(samples[n%7])
		if n%10_000 == 0 {
			b.StopTimer()
			w.waitForRoom()
			b.StartTimer()
		}
	}
}

// BenchmarkRecordLatency is the distribution of a million calls while the writer commits 4,000
// samples a second and maintenance is due all the time.
func BenchmarkRecordLatency(b *testing.B) {
	const calls = 1_000_000
	w := newWorld(b, loads[1], service.Config{KeepRaw: time.Minute})
	stop := maintainAlways(b, w)
	defer stop()
	took := make([]time.Duration, 0, calls)
	for b.Loop() {
		took = took[:0]
		for len(took) < calls {
			samples := w.cycles(1)
			for i := range samples {
				begin := time.Now()
				w.writer.Record(samples[i])
				took = append(took, time.Since(begin))
			}
			w.waitForRoom()
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[calls/2]), "p50-ns")
	b.ReportMetric(float64(took[calls/10_000*9_999]), "p99.99-ns")
	b.ReportMetric(float64(took[calls-1]), "max-ns")
}

// BenchmarkSustained is how fast samples go through the writer into committed rows.
func BenchmarkSustained(b *testing.B) {
	for name, maintained := range map[string]bool{"alone": false, "maintained": true} {
		b.Run(name, func(b *testing.B) { sustain(b, maintained) })
	}
}

func sustain(b *testing.B, maintained bool) {
	b.Helper()
	w := newWorld(b, controller, service.Config{KeepRaw: time.Minute})
	if maintained {
		stop := maintainAlways(b, w)
		defer stop()
	}
	begin := time.Now()
	samples := 0
	for b.Loop() {
		batch := w.cycles(20)
		w.writer.Record(batch...)
		samples += len(batch)
		w.waitForRoom()
	}
	if err := w.writer.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(samples)/time.Since(begin).Seconds(), "samples/s")
	status := w.writer.Status()
	if status.Accepted != int64(samples) {
		b.Fatalf("accepted %d of %d samples: %+v", status.Accepted, samples, status)
	}
	b.ReportMetric(float64(status.CommitTime.Nanoseconds())/float64(samples), "commit-ns/sample")
}

// maintainAlways starts one pass of maintenance after the other, until stop is called.
func maintainAlways(b *testing.B, w *world) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var longest time.Duration
	var name string
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			report, err := w.writer.Maintain(ctx)
			if err != nil && ctx.Err() == nil {
				b.Error(err)
				return
			}
			if report.LongestStep > longest {
				longest, name = report.LongestStep, report.LongestName
			}
		}
	}()
	return func() {
		cancel()
		<-done
		b.ReportMetric(float64(longest.Microseconds())/1000, "longest-step-ms")
		b.Logf("longest step: %s", name)
	}
}
