package bench

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// BenchmarkInsert records with one commit a second and no maintenance. One operation is a load.
func BenchmarkInsert(b *testing.B) {
	for _, l := range loads {
		b.Run(l.String(), func(b *testing.B) {
			var m meter
			for b.Loop() {
				w := newWorld(b, l, service.Config{})
				w.record(b, &m, l.minutes)
				w.close(b)
			}
			m.report(b, b.N*l.samples())
		})
	}
}

// BenchmarkReplay records an hour of a controller again when every sample is there, as a sender
// does that never had its answer.
func BenchmarkReplay(b *testing.B) {
	l := controller
	var m meter
	for b.Loop() {
		w := newWorld(b, l, service.Config{KeepRaw: 2 * time.Hour})
		hour := w.seconds(60 * l.minutes)
		w.commitAll(b, hour)
		w.maintain(b)
		m.run(b, func() { w.commitAll(b, hour) })
		if repeats := w.writer.Status().Duplicate; repeats != int64(l.samples()) {
			b.Fatalf("%d of %d samples were repeats", repeats, l.samples())
		}
		w.close(b)
	}
	m.report(b, b.N*l.samples())
}
