package bench

import (
	"context"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

const weekMinutes = 7 * 24 * 60

// recordWeek records one sample a minute for a week, and the last seventy seconds at 20 Hz: a minute that is not complete,
// and the grace.
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
	w := newWorld(b, 7, service.Config{})
	recordWeek(b, w)
	history, err := service.OpenHistory(context.Background(), w.writer.Path())
	if err != nil {
		b.Fatal(err)
	}
	defer history.Close()
	now := w.now()
	query := service.Query{
		Filter: service.Filter{Metrics: []string{service.RTT}},
		From:   now.Add(-7 * 24 * time.Hour), Until: now, Step: 5 * time.Minute,
	}
	points := 0
	for b.Loop() {
		points = 0
		for _, err := range history.Range(context.Background(), query) {
			if err != nil {
				b.Fatal(err)
			}
			points++
		}
	}
	if points < weekMinutes/5 {
		b.Fatalf("%d points, want %d", points, weekMinutes/5)
	}
	b.ReportMetric(float64(points), "points")
}
