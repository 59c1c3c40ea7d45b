package bench

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// keepRaw is short, so that the steady state is soon there, but no shorter: where a minute is more
// than a tenth of what is kept, each pass gives pages back to the file system that the next minute
// needs.
const keepRaw = 10 * time.Minute

// BenchmarkAllWork records with one commit a second and one pass of maintenance a minute, in the
// steady state: as much is deleted as is recorded. One operation is a load.
func BenchmarkAllWork(b *testing.B) {
	for _, l := range loads {
		b.Run(l.String(), func(b *testing.B) {
			var m meter
			var p passes
			for b.Loop() {
				w := newWorld(b, l, service.Config{KeepRaw: keepRaw})
				w.minutes(b, new(meter), new(passes), 12)
				w.minutes(b, &m, &p, l.minutes)
				w.close(b)
			}
			m.report(b, b.N*l.samples())
			b.ReportMetric(milliseconds(p.longest), "longest-step-ms")
			b.ReportMetric(milliseconds(p.longestCPU), "longest-step-cpu-ms")
			b.Logf("longest step: %s", p.name)
		})
	}
}

// passes has the longest step of passes of maintenance, by time and by processor time.
type passes struct {
	longest, longestCPU time.Duration
	name                string // of the one by time
}

// minutes records n minutes, each with a pass at its end.
func (w *world) minutes(b *testing.B, m *meter, p *passes, n int) {
	b.Helper()
	w.steps.longest = 0
	for range n {
		w.record(b, m, 1)
		m.run(b, func() {
			if report := w.maintain(b); report.LongestStep > p.longest {
				p.longest, p.name = report.LongestStep, report.LongestName
			}
		})
	}
	p.longestCPU = max(p.longestCPU, w.steps.longest)
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
