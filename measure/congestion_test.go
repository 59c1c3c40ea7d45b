package measure

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const cycle = 50 * time.Millisecond

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// feed has a line answer with the same round-trip time, once a cycle, and
// returns the last reading and its time.
func feed(c *Congestion, from time.Time, rtt, span time.Duration) (Reading, time.Time) {
	var r Reading
	for end := from.Add(span); from.Before(end); {
		from = from.Add(cycle)
		r = c.Observe(rtt, from)
	}
	return r, from
}

func TestStateAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		delta time.Duration
		want  State
	}{
		{0, Green},
		{YellowFrom - 1, Green},
		{YellowFrom, Yellow},
		{SoftRedFrom - 1, Yellow},
		{SoftRedFrom, SoftRed},
		{RedFrom - 1, SoftRed},
		{RedFrom, Red},
		{time.Hour, Red},
	}
	for _, tt := range tests {
		if got := StateAt(tt.delta); got != tt.want {
			t.Errorf("StateAt(%v) = %v, want %v", tt.delta, got, tt.want)
		}
	}
}

func TestStateNames(t *testing.T) {
	t.Parallel()
	tests := map[State]string{0: "GREEN", 1: "YELLOW", 2: "SOFT_RED", 3: "RED", 4: "State(4)",
		-1: "State(-1)"}
	for state, want := range tests {
		if got := state.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestFirstReplyIsTheBaseline(t *testing.T) {
	t.Parallel()
	var c Congestion
	want := Reading{Load: 20 * time.Millisecond, Baseline: 20 * time.Millisecond}
	if got := c.Observe(20*time.Millisecond, noon); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLoadRaisesTheStateAndNotTheBaseline(t *testing.T) {
	t.Parallel()
	const idle = 20 * time.Millisecond
	tests := []struct {
		delta time.Duration
		want  State
	}{
		{14 * time.Millisecond, Green},
		{16 * time.Millisecond, Yellow},
		{44 * time.Millisecond, Yellow},
		{46 * time.Millisecond, SoftRed},
		{79 * time.Millisecond, SoftRed},
		{81 * time.Millisecond, Red},
	}
	for _, tt := range tests {
		var c Congestion
		_, at := feed(&c, noon, idle, time.Minute)
		got, _ := feed(&c, at, idle+tt.delta, time.Hour)
		if got.State != tt.want {
			t.Errorf("%v of delta: %v, want %v", tt.delta, got.State, tt.want)
		}
		// The first cycles of the load may still count as idle.
		if drift := got.Baseline - idle; drift < 0 || drift > 100*time.Microsecond {
			t.Errorf("%v of delta: the baseline has moved by %v in an hour of load", tt.delta, drift)
		}
	}
}

func TestOneSpikeIsNoCongestion(t *testing.T) {
	t.Parallel()
	var c Congestion
	_, at := feed(&c, noon, 20*time.Millisecond, time.Minute)
	if got := c.Observe(90*time.Millisecond, at.Add(cycle)); got.State != Green {
		t.Errorf("one reply of 90 ms makes the line %v", got.State)
	}
}

func TestBaselineFallsFastAndRisesSlowly(t *testing.T) {
	t.Parallel()
	var c Congestion
	_, at := feed(&c, noon, 50*time.Millisecond, time.Minute)
	fallen, at := feed(&c, at, 20*time.Millisecond, 5*time.Second)
	if fallen.Baseline > 21*time.Millisecond || fallen.Delta != 0 {
		t.Errorf("5 s after the line became shorter: %+v", fallen)
	}
	begun := fallen.Baseline
	risen, at := feed(&c, at, begun+2*time.Millisecond, time.Second)
	if up := risen.Baseline - begun; up <= 0 || up > 100*time.Microsecond {
		t.Errorf("in a second the baseline has risen by %v", up)
	}
	risen, _ = feed(&c, at, begun+2*time.Millisecond, 10*BaselineRise)
	if risen.Delta > 10*time.Microsecond {
		t.Errorf("after ten time constants of an idle line the delta is still %v", risen.Delta)
	}
}

func TestHysteresis(t *testing.T) {
	t.Parallel()
	var c Congestion
	_, at := feed(&c, noon, 20*time.Millisecond, time.Minute)
	steps := []struct {
		rtt  time.Duration
		want State
	}{
		{36 * time.Millisecond, Yellow}, // delta 16: over the threshold
		{34 * time.Millisecond, Yellow}, // delta 14: under it, within the hysteresis
		{32 * time.Millisecond, Green},  // delta 12: below the hysteresis
		{34 * time.Millisecond, Green},  // delta 14: under the threshold
		{120 * time.Millisecond, Red},
		{99 * time.Millisecond, Red},    // delta 79
		{34 * time.Millisecond, Yellow}, // delta 14, from above again
	}
	for _, s := range steps {
		var got Reading
		got, at = feed(&c, at, s.rtt, 5*time.Second)
		if got.State != s.want {
			t.Errorf("delta %v: %v, want %v", got.Delta, got.State, s.want)
		}
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	var c Congestion
	before, at := feed(&c, noon, 20*time.Millisecond, time.Minute)
	if got := c.Silence(at.Add(SilenceLimit)); got != before {
		t.Errorf("after %v without reply: %+v, want %+v", SilenceLimit, got, before)
	}
	want := before
	want.State = Red
	if got := c.Silence(at.Add(SilenceLimit + 1)); got != want {
		t.Errorf("after more: %+v, want %+v", got, want)
	}
	if got := c.Observe(20*time.Millisecond, at.Add(time.Minute)); got.State != Green {
		t.Errorf("after the next reply: %+v", got)
	}
}

func TestSilenceFromTheBeginning(t *testing.T) {
	t.Parallel()
	var c Congestion
	for _, after := range []time.Duration{0, cycle, SilenceLimit} {
		if got := c.Silence(noon.Add(after)); got != (Reading{}) {
			t.Errorf("after %v: %+v", after, got)
		}
	}
	if got := c.Silence(noon.Add(SilenceLimit + 1)); got != (Reading{State: Red}) {
		t.Errorf("after more than %v: %+v", SilenceLimit, got)
	}
	if got := c.Observe(time.Millisecond, noon.Add(2*time.Second)); got.State != Green {
		t.Errorf("after the first reply: %+v", got)
	}
}

func TestCongestionProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c Congestion
		at := noon
		shortest, longest := time.Duration(math.MaxInt64), time.Duration(0)
		before := Reading{}
		for i := range rapid.IntRange(1, 200).Draw(t, "replies") {
			rtt := time.Duration(rapid.Int64Range(0, int64(300*time.Millisecond)).Draw(t, "rtt"))
			at = at.Add(time.Duration(rapid.Int64Range(-int64(cycle), int64(3*time.Second)).Draw(t, "dt")))
			shortest, longest = min(shortest, rtt), max(longest, rtt)
			now := c.Observe(rtt, at)
			checkReading(t, now, shortest, longest)
			if i > 0 {
				checkStep(t, before, now)
			}
			before = now
		}
	})
}

// checkReading checks what holds for every reading by itself. Durations are
// whole nanoseconds and the averages are not: hence the one that is allowed.
func checkReading(t *rapid.T, r Reading, shortest, longest time.Duration) {
	t.Helper()
	for _, d := range []time.Duration{r.Load, r.Baseline} {
		if d < shortest-1 || d > longest {
			t.Fatalf("%+v lies outside of all replies, %v to %v", r, shortest, longest)
		}
	}
	if r.Delta < 0 || (r.Load-r.Baseline-r.Delta).Abs() > 1 && r.Load > r.Baseline {
		t.Fatalf("%+v: delta is not what load lies above baseline", r)
	}
	if r.State < StateAt(r.Delta) || r.State > StateAt(r.Delta+Hysteresis) {
		t.Fatalf("%+v: the state does not belong to the delta", r)
	}
}

// checkStep checks what holds from one reading to the next.
func checkStep(t *rapid.T, before, now Reading) {
	t.Helper()
	if now.Baseline > before.Baseline && now.Load-before.Baseline >= IdleBelow+1 {
		t.Fatalf("the baseline has risen under load: %+v, then %+v", before, now)
	}
	if now.State > before.State && StateAt(now.Delta) != now.State {
		t.Fatalf("hysteresis has made the state worse: %+v, then %+v", before, now)
	}
}

// A line that sends an echo a second owes an answer after each.
func TestSilenceOfSlowEchoes(t *testing.T) {
	t.Parallel()
	c := Congestion{Interval: time.Second}
	c.Observe(time.Millisecond, noon)
	if got := c.Silence(noon.Add(2 * time.Second)); got.State != Green {
		t.Errorf("after two intervals: %+v", got)
	}
	if got := c.Silence(noon.Add(2*time.Second + 1)); got.State != Red {
		t.Errorf("after more: %+v", got)
	}
}

func TestAwayIsNoSilence(t *testing.T) {
	t.Parallel()
	var c Congestion
	c.Away(time.Hour) // before anything
	before := c.Observe(time.Millisecond, noon)
	c.Away(10 * time.Second)
	if got := c.Silence(noon.Add(10*time.Second + SilenceLimit)); got != before {
		t.Errorf("got %+v, want %+v", got, before)
	}
	if got := c.Silence(noon.Add(10*time.Second + SilenceLimit + 1)); got.State != Red {
		t.Errorf("after more: %+v", got)
	}
	if got := c.Hear(noon.Add(20 * time.Second)); got != before {
		t.Errorf("after an answer: %+v, want %+v", got, before)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	var c Congestion
	feed(&c, noon, 20*time.Millisecond, time.Minute)
	c.Restart()
	want := Reading{Load: 200 * time.Millisecond, Baseline: 200 * time.Millisecond}
	if got := c.Observe(200*time.Millisecond, noon.Add(2*time.Minute)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
