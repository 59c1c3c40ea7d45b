package push

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wanstore/wanstore/service"
)

// While the file keeps a sender waiting, health and metrics answer at once.
func TestSeenWhileTheFileIsBusy(t *testing.T) {
	simulated(t, func(w *world) {
		t := w.t
		w.start()
		w.pass(10 * time.Minute)
		held := make(chan struct{})
		go func() {
			_ = w.sender.place.move(t.Context(),
				func(ledger, *Report) (service.DeliveryChange, error) {
					<-held
					return service.DeliveryChange{}, errors.New("busy")
				})
		}()
		synctest.Wait()
		seen := make(chan struct{})
		go func() {
			defer close(seen)
			w.sender.Health()
			w.sender.Notes()
			registry := prometheus.NewRegistry()
			registry.MustRegister(w.sender.Collector())
			if _, err := registry.Gather(); err != nil {
				t.Error(err)
			}
		}()
		select {
		case <-seen:
		case <-time.After(time.Second):
			t.Error("nothing is seen before the file answers")
		}
		close(held)
		<-seen
	})
}

// Who waits for the file gives up when it is told to.
func TestTurnGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newTurn()
		must(t, one.take(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := one.take(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		one.give()
		must(t, one.take(t.Context()))
	})
}
