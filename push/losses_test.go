package push

import (
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
)

// A receiver that is killed while nothing is sent and is back before the next bucket gets again
// what it has lost, without an audit.
func TestKilledWhileIdle(t *testing.T) {
	in(t, func(w *world) {
		w.config.Query = NoQuery
		w.start()
		for range 5 {
			w.pass(10 * time.Minute)
			for w.receiver.last().Before(time.Now().Add(-5 * time.Second)) {
				time.Sleep(time.Second)
			}
			w.receiver.kill()
			time.Sleep(100 * time.Millisecond)
			w.receiver.start()
		}
		w.pass(2 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
	})
}

// So does one that is killed and back while a backlog is held to its rate.
func TestKilledWhilePaced(t *testing.T) {
	in(t, func(w *world) {
		w.config.Query, w.config.ReplayRate, w.config.BatchSize = NoQuery, 10, 50
		w.pass(3 * time.Hour)
		w.start()
		for range 7 {
			w.pass(20 * time.Second)
			time.Sleep(7 * time.Second)
			w.receiver.kill()
			time.Sleep(100 * time.Millisecond)
			w.receiver.start()
		}
		w.pass(10 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
	})
}

// Time in which nothing is recorded passes between what a receiver loses unseen and the next error:
// what was sent last is sent again all the same.
func TestKilledBeforeNothingIsRecorded(t *testing.T) {
	in(t, func(w *world) {
		w.config.Query = NoQuery
		w.start()
		w.pass(10 * time.Minute)
		time.Sleep(2 * time.Minute) // the last bucket is sent
		w.receiver.mu.Lock()
		w.receiver.ended = nil // as behind a proxy
		w.receiver.memory = nil
		w.receiver.mu.Unlock()
		time.Sleep(10 * time.Minute)
		if got := w.status(); got.ConfirmedUntil.After(time.Now().Add(-10 * time.Minute)) {
			w.t.Fatalf("confirmed until %s", got.ConfirmedUntil)
		}
		w.receiver.kill()
		w.pass(5 * time.Minute)
		w.receiver.start()
		w.pass(3 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
	})
}

// last is when the receiver last took samples.
func (r *receiver) last() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.memory) == 0 {
		return time.Time{}
	}
	return r.memory[len(r.memory)-1].at
}

// Where connections are ended that are idle, nothing is sent again.
func TestIdleConnectionsEnd(t *testing.T) {
	in(t, func(w *world) {
		w.receiver.refuse = func(prompb.WriteRequest) (int, string, http.Header) {
			time.AfterFunc(5*time.Second, w.sender.disconnected)
			return 0, "", nil
		}
		w.start()
		w.pass(20 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
		if got := w.status(); got.Resent != 0 {
			w.t.Errorf("%d of %d samples were sent again", got.Resent, got.Sent)
		}
	})
}

// A receiver behind a proxy loses what it has in memory while the proxy answers 503: what was sent
// of a chunk before that is sent again, too.
func TestKilledBehindAProxy(t *testing.T) {
	in(t, func(w *world) {
		w.config.Query, w.config.BatchSize = NoQuery, 50
		posts := 0
		w.receiver.refuse = func(prompb.WriteRequest) (int, string, http.Header) {
			posts++
			if posts%7 != 0 || posts > 30 {
				return 0, "", nil
			}
			w.receiver.memory = nil
			return http.StatusServiceUnavailable, "no backend", nil
		}
		w.start()
		w.pass(10 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
	})
}

// A proxy that answers 503 now and then because it is asked too often does not keep a backlog from
// being sent.
func TestProxyThatIsBusy(t *testing.T) {
	in(t, func(w *world) {
		w.config.BatchSize = 50
		posts := 0
		w.receiver.refuse = func(prompb.WriteRequest) (int, string, http.Header) {
			if posts++; posts%3 == 0 {
				return http.StatusServiceUnavailable, "too fast", nil
			}
			return 0, "", nil
		}
		w.start()
		w.pass(10 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
	})
}
