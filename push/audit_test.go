package push

import (
	"testing"
	"time"
)

// A receiver that shows late what it has taken misses nothing, also where audits are early because
// the file is about to let go of what was sent.
func TestReceiverThatShowsLate(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.config.ReplayRate = 100 // a minute for seven minutes
		w.receiver.down, w.receiver.hidden = true, 30*time.Second
		w.pass(24*time.Hour + 10*time.Minute)
		w.start()
		w.receiver.start()
		for range 8 {
			w.pass(30 * time.Minute)
			if problems := w.sender.Health(); len(problems) > 0 {
				t.Errorf("health: %v", problems)
			}
		}
		if got := w.status(); got.Audit.Audits == 0 || got.Audit.Missing != 0 {
			t.Errorf("audits have found %+v", got.Audit)
		}
	})
}

// A receiver that is restored from a copy a second time gets again what it has lost since it was
// last asked.
func TestRestoredTwice(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(30 * time.Minute)
		copied, again := w.receiver.copy(), w.receiver.copy()
		w.pass(30 * time.Minute)
		w.receiver.restore(copied)
		w.pass(5 * time.Hour)
		first := w.status().Audit
		w.receiver.restore(again)
		w.pass(23 * time.Hour)
		got := w.status()
		if first.Missing == 0 || got.Audit.Missing < 2*first.Missing || got.Audit.Unrepaired > 0 {
			t.Errorf("audits have found %+v, then %+v", first, got.Audit)
		}
		w.checkFrom(time.Now().Add(-24*time.Hour), time.Now().Add(-3*time.Minute))
	})
}

// What a receiver does not keep is sent again once, also where that takes longer than an audit has
// to wait.
func TestUnrepairableAfterAnOutage(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.pass(30 * time.Minute)
		until := time.Now().Add(-20 * time.Minute)
		w.receiver.forget = func(_ string, ts int64) bool { return ts < until.UnixMilli() }
		w.start()
		for w.status().Audit.Missing == 0 {
			w.pass(time.Minute)
		}
		w.receiver.kill() // before anything is sent again
		w.pass(2 * time.Hour)
		w.receiver.start()
		w.pass(5 * time.Hour)
		const samples = 10 * 14
		if got := w.status().Audit; got.Missing != samples || got.Unrepaired != samples {
			t.Errorf("audits have found %+v, want %d missing", got, samples)
		}
	})
}
