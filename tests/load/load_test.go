package load

import (
	"testing"
	"time"
)

// A large controller: 200 series at 20 Hz.
func TestManySamples(t *testing.T) {
	run(t, shape{producers: 10, series: 20, tick: 50 * time.Millisecond, perTick: 20})
}

// Many devices, each of which is looked at once a second: 10,000 series, spread over the second.
func TestManySeries(t *testing.T) {
	run(t, shape{producers: 20, series: 500, tick: 20 * time.Millisecond, perTick: 10})
}

// The same devices, all looked at in the same moment.
func TestManySeriesAtOnce(t *testing.T) {
	run(t, shape{producers: 1, series: 10_000, tick: time.Second, perTick: 10_000})
}

// shape says who records what, and how often.
type shape struct {
	producers int
	series    int           // of each producer
	tick      time.Duration // between two rounds of a producer
	perTick   int           // series that one round is of
}

// run puts the load on a new file and checks the file afterwards.
func run(t *testing.T, s shape) {
	t.Helper()
	s.series, s.perTick = s.series/slowdown, s.perTick/slowdown
	w := newWorld(t, length(t))
	producers := w.producers(t, s)
	producers.record(t, 2*time.Minute)
	producers.start(s.tick)
	readers := w.read(t, 8)
	watched := w.watch(t)
	time.Sleep(w.length) // how long it lasts is what the test is about
	close(w.stop)
	sent := producers.wait()
	reads := readers.wait(t)
	measured := watched.wait()
	w.flush(t)
	status := w.writer.Status()
	if status.Accepted != sent.samples || status.Dropped.QueueFull != 0 ||
		status.Refused.Total() != 0 || status.LastError != nil {
		t.Errorf("%d samples recorded: %d accepted, %d duplicate, %+v dropped, %+v refused, last error "+
			"%v",
			sent.samples, status.Accepted, status.Duplicate, status.Dropped, status.Refused,
			status.LastError)
	}
	t.Logf("%d samples of %d series in %s, %.0f a second; %s", sent.samples, len(sent.bySeries),
		w.length,
		float64(sent.times.TotalCount())/w.length.Seconds(), reads)
	t.Logf("Record: %s", sent.latency())
	t.Logf("commits: %d, %s each, longest %s; steps: longest %s (%s), %d passes", status.Commits,
		(status.CommitTime / time.Duration(max(status.Commits, 1))).Round(time.Microsecond),
		status.LongestCommit, measured.longestStep,
		measured.stepName, status.Passes)
	t.Logf("commits held back: %d times, for %s at most", status.Holds, status.LongestHold)
	t.Log(measured)
	measured.check(t, time.Duration(readers.slowest.Load()))
	w.close(t)
	w.checkCounts(t, sent)
}
