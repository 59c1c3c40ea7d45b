package bench

import (
	"context"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/cputime"
)

const weekMinutes = 7 * 24 * 60

// recordWeek records one sample a minute for a week, and the last seventy seconds at 20 Hz: a
// minute that is not complete, and the grace.
func recordWeek(b *testing.B, w *world) {
	b.Helper()
	for range weekMinutes {
		w.micros.Add((time.Minute - cycle).Microseconds())
		w.write(b, 1)
	}
	w.maintain(b)
	w.write(b, 70*20)
}

// BenchmarkRange reads seven days of one series at 5m, of the seven that there are.
func BenchmarkRange(b *testing.B) {
	w := newWorld(b, controller, service.Config{})
	recordWeek(b, w)
	w.read(b, service.Query{
		Filter: service.Filter{Metrics: []string{service.RTT}},
		From:   w.now().Add(-7 * 24 * time.Hour), Until: w.now(), Step: 5 * time.Minute,
	}, weekMinutes/5)
}

// BenchmarkHour reads each sample of the last hour of one series of a controller.
func BenchmarkHour(b *testing.B) {
	w := newWorld(b, controller, service.Config{})
	w.minutes(b, new(meter), new(passes), 61)
	w.read(b, service.Query{
		Filter: service.Filter{Metrics: []string{service.RTT}},
		From:   w.now().Add(-time.Hour), Until: w.now(),
	}, 60*60*w.load.rate)
}

// BenchmarkFiveMinutes reads each sample of the last five minutes of one series among 7,000.
func BenchmarkFiveMinutes(b *testing.B) {
	w := newWorld(b, load{7_000, 1, 6}, service.Config{})
	w.minutes(b, new(meter), new(passes), w.load.minutes)
	w.read(b, service.Query{
		Filter: service.Filter{Metrics: []string{service.RTT}, WAN: "w500"},
		From:   w.now().Add(-5 * time.Minute), Until: w.now(),
	}, 5*60)
}

// read asks again and again for what has so many points.
func (w *world) read(b *testing.B, query service.Query, want int) {
	b.Helper()
	history, err := service.OpenHistory(context.Background(), w.writer.Path())
	if err != nil {
		b.Fatal(err)
	}
	defer history.Close()
	points := 0
	cpu := cputime.Used()
	for b.Loop() {
		points = 0
		for _, err := range history.Range(context.Background(), query) {
			if err != nil {
				b.Fatal(err)
			}
			points++
		}
	}
	cpu = cputime.Used() - cpu
	if points < want {
		b.Fatalf("%d points, want %d", points, want)
	}
	b.ReportMetric(float64(points), "points")
	b.ReportMetric(milliseconds(cpu)/float64(b.N), "cpu-ms/op")
}
