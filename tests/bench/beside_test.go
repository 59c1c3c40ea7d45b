package bench

import (
	"slices"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// BenchmarkBeside is what another process that commits each second costs a writer. Two writers
// record the same, a second of one and a second of the other in turns, so that whatever else this
// machine does hits both, and one of them has a neighbour. Both roll up each minute, which is not
// measured.
func BenchmarkBeside(b *testing.B) {
	for _, l := range []load{controller, {10_000, 1, 2}} {
		b.Run(l.String(), func(b *testing.B) {
			var alone, beside meter
			for b.Loop() {
				recordBeside(b, l, &alone, &beside)
			}
			more, commits := beside.cpu-alone.cpu, 60*l.minutes*b.N
			b.ReportMetric(more.Seconds()/alone.cpu.Seconds()*100, "percent-more")
			b.ReportMetric(float64(more.Microseconds())/float64(commits), "cpu-us-more/commit")
		})
	}
}

func recordBeside(b *testing.B, l load, alone, beside *meter) {
	b.Helper()
	type recorder struct {
		*world
		*meter
	}
	lonely := recorder{newWorld(b, l, service.Config{}), alone}
	joined := recorder{newWorld(b, l, service.Config{}), beside}
	n := startNeighbour(b, joined.writer.Path())
	turns := []recorder{lonely, joined}
	for second := range 60 * l.minutes {
		if second%60 == 0 { // or each reload would read all that was ever recorded
			lonely.maintain(b)
			joined.maintain(b)
		}
		for _, r := range turns {
			samples := r.cycles(l.rate)
			r.run(b, func() {
				r.commit(b, samples)
				r.flush(b)
			})
		}
		slices.Reverse(turns) // the first one finds cold caches after the neighbour's turn
		n.commit(b, joined.now())
	}
	n.end(b)
	lonely.close(b)
	joined.close(b)
}
