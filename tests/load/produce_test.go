package load

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/wanstore/wanstore/service"
)

// producer records to its series in turn, so many at each tick.
type producer struct {
	world   *world
	series  []*service.Series
	counts  []int64
	perTick int
	next    int
	times   *hdrhistogram.Histogram // of Record, in nanoseconds
}

// producers are all of them.
type producers struct {
	world *world
	wg    sync.WaitGroup
	all   []*producer
}

// sent is what they have recorded.
type sent struct {
	samples  int64
	bySeries map[string]int64
	times    *hdrhistogram.Histogram
}

func newTimes() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(time.Minute), 3) }

// producers makes the producers and their series.
func (w *world) producers(t *testing.T, s shape) *producers {
	t.Helper()
	all := &producers{world: w}
	for i := range s.producers {
		p := &producer{world: w, perTick: s.perTick, counts: make([]int64, s.series), times: newTimes()}
		for j := range s.series {
			metric := service.RTT
			if j%7 == 6 {
				metric = service.State
			}
			series, err := w.writer.Series(metric, wan(i, j), nil)
			if err != nil {
				t.Fatal(err)
			}
			p.series = append(p.series, series)
		}
		all.all = append(all.all, p)
	}
	return all
}

// record writes some history of before the load, so that there is something to read and to roll up
// from the start.
func (all *producers) record(t *testing.T, length time.Duration) {
	t.Helper()
	const rounds = 20
	for i := range rounds {
		at := all.world.begun.Add(-length + length*time.Duration(i)/rounds)
		for _, p := range all.all {
			var samples []service.Sample
			for j, series := range p.series {
				samples = append(samples, service.Sample{Series: series, Time: at, Value: 1})
				p.counts[j]++
			}
			if err := all.world.writer.Write(t.Context(), samples...); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// start lets the producers begin, one after the other within a tick. They end with the world.
func (all *producers) start(tick time.Duration) {
	for i, p := range all.all {
		all.wg.Go(func() {
			select {
			case <-time.After(tick * time.Duration(i) / time.Duration(len(all.all))):
				p.run(tick)
			case <-all.world.stop:
			}
		})
	}
}

// wan names a series by its producer and its place there.
func wan(producer, place int) string { return fmt.Sprintf("wan-%d-%d", producer, place) }

func (p *producer) run(tick time.Duration) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		p.round()
		select {
		case <-ticker.C:
		case <-p.world.stop:
			return
		}
	}
}

// round records one sample each to the series whose turn it is.
func (p *producer) round() {
	now := p.world.now()
	for range p.perTick {
		start := time.Now()
		p.world.writer.Record(service.Sample{Series: p.series[p.next], Time: now,
			Value: float64(p.next % 4)})
		took := time.Since(start)
		_ = p.times.RecordValue(int64(took)) // a minute is more than enough
		p.counts[p.next]++
		p.next = (p.next + 1) % len(p.series)
	}
}

// wait waits for the end of all producers.
func (all *producers) wait() sent {
	all.wg.Wait()
	s := sent{bySeries: map[string]int64{}, times: newTimes()}
	for i, p := range all.all {
		s.times.Merge(p.times)
		for j, count := range p.counts {
			if count > 0 {
				s.bySeries[wan(i, j)] = count
			}
			s.samples += count
		}
	}
	return s
}

// latency tells how long the calls of Record took.
func (s sent) latency() string {
	at := func(percent float64) time.Duration {
		return time.Duration(s.times.ValueAtPercentile(percent))
	}
	return fmt.Sprintf("p50 %s, p99 %s, p99.99 %s, longest %s", at(50), at(99), at(99.99),
		time.Duration(s.times.Max()))
}
