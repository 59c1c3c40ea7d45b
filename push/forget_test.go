package push

import (
	"errors"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// A target that is forgotten is sent everything when it is sent to again, others are as they were,
// and while somebody sends nothing is forgotten.
func TestForget(t *testing.T) {
	in(t, func(w *world) {
		t := w.t
		first := w.config
		w.start()
		w.pass(5 * time.Minute)
		w.stop()
		w.config.Site = "paris"
		w.start()
		w.pass(5 * time.Minute)
		_, err := Forget(t.Context(), w.writer, first.URL)
		if !errors.Is(err, service.ErrDeliveryLocked) {
			t.Errorf("while somebody sends to one of them: %v", err)
		}
		if _, err = Forget(t.Context(), w.writer, "http://nobody"); !errors.Is(err, ErrNotSent) {
			t.Errorf("one that is not known: %v", err)
		}
		target := first.withDefaults().Target()
		gone, err := Forget(t.Context(), w.writer, target)
		if err != nil || len(gone) != 1 || gone[0] != target {
			t.Fatalf("forgotten: %v, %v", gone, err)
		}
		if got := w.status(); got.Target != w.config.withDefaults().Target() || got.Sent == 0 {
			t.Errorf("the other one: %+v", got)
		}
		w.stop()
		gone, err = Forget(t.Context(), w.writer, first.URL)
		if err != nil || len(gone) != 1 {
			t.Errorf("the other one is forgotten: %v, %v", gone, err)
		}
		w.receiver.restore(stored{})
		w.config = first
		w.start()
		w.pass(5 * time.Minute)
		w.check(time.Now().Add(-3 * time.Minute))
	})
}
