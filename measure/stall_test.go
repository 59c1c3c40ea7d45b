package measure

import (
	"testing"
	"time"
)

func TestStall(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	type reply struct {
		sent, at time.Duration
		noted    bool
		tainted  bool
	}
	tests := []struct {
		name    string
		due     time.Duration
		woke    time.Duration
		replies []reply
	}{
		{"in time", 20 * ms, 29 * ms, []reply{{0, 29 * ms, true, false}, {0, 29 * ms, false, false}}},
		{"without the kernel's times", 20 * ms, 500 * ms, []reply{{0, 500 * ms, false, true},
			{0, 505 * ms, false, true}, {0, 511 * ms, false, false}, {500 * ms, 505 * ms, false, false}}},
		// The whole machine stood still: the kernel, too, saw the reply at the end.
		{"paused", 20 * ms, 500 * ms, []reply{{0, 499 * ms, true, true}, {0, 501 * ms, true, true},
			{0, 511 * ms, true, false}, {500 * ms, 501 * ms, true, false}}},
		// The process was stopped, and the kernel was not.
		{"stopped", 20 * ms, 500 * ms, []reply{{0, 30 * ms, true, false}, {0, 499 * ms, true, false}}},
		// What came before the stall says nothing of it.
		{"paused after a reply", 20 * ms, 500 * ms,
			[]reply{{0, 0, true, false}, {0, 499 * ms, true, true}}},
	}
	for _, tt := range tests {
		var s stall
		s.woke(noon, noon.Add(tt.due), noon.Add(tt.woke))
		for _, r := range tt.replies {
			if got := s.taints(noon.Add(r.sent), noon.Add(r.at), r.noted); got != r.tainted {
				t.Errorf("%s: a reply at %v, noted %v: tainted %v", tt.name, r.at, r.noted, got)
			}
		}
	}
}
