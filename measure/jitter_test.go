package measure

import (
	"testing"
	"time"
)

// The differences are those of RFC 3550, and each counts a sixteenth.
func TestJitter(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	var j Jitter
	if got, ok := j.Take(); ok {
		t.Errorf("a jitter of %v before any reply", got)
	}
	at := noon
	for i, step := range []struct{ rtt, want time.Duration }{
		{20 * ms, 0}, {36 * ms, ms}, {20 * ms, ms + 15*ms/16}, {20 * ms, (ms + 15*ms/16) * 15 / 16},
	} {
		at = at.Add(cycle)
		j.Observe(Reply{RTT: step.rtt, At: at})
		got, ok := j.Take()
		if ok != (i > 0) || (got-step.want).Abs() > 1 {
			t.Errorf("after reply %d: %v, %v; want %v", i, got, ok, step.want)
		}
	}
	if got, ok := j.Take(); ok {
		t.Errorf("the same jitter twice: %v", got)
	}
}

// What lies between two replies is no jitter where it is an outage or another path; a reply without
// a round-trip time is none.
func TestJitterStartsAgain(t *testing.T) {
	t.Parallel()
	const fast, slow = 20 * time.Millisecond, 200 * time.Millisecond
	limit := noon.Add(SilenceLimit)
	for name, c := range map[string]struct {
		interval time.Duration
		second   Reply
		want     bool
	}{
		"the next reply":        {0, Reply{RTT: slow, At: limit}, true},
		"after an outage":       {0, Reply{RTT: slow, At: limit.Add(1)}, false},
		"of another path":       {0, Reply{RTT: slow, At: noon.Add(cycle), Path: 1}, false},
		"left out":              {0, Reply{LeftOut: true, At: noon.Add(cycle)}, false},
		"each second, one lost": {time.Second, Reply{RTT: slow, At: limit.Add(time.Second)}, true},
	} {
		j := Jitter{Interval: c.interval}
		j.Observe(Reply{RTT: fast, At: noon})
		j.Observe(c.second)
		if got, ok := j.Take(); ok != c.want || ok && got != (slow-fast)/16 {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
}
