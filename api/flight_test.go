package api

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A question that hangs keeps nobody waiting for more than its time, and no other question is asked
// meanwhile.
func TestFlightThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flight[int]
		goOn := make(chan struct{})
		var asked atomic.Int64
		hang := func(ctx context.Context) (int, error) {
			n := asked.Add(1)
			<-goOn
			return int(n), ctx.Err()
		}
		begin := time.Now()
		var waiting sync.WaitGroup
		for range 3 {
			waiting.Go(func() {
				if _, err := f.ask(hang); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
				}
			})
		}
		waiting.Wait()
		if took := time.Since(begin); took != fileTimeout || asked.Load() != 1 {
			t.Errorf("%d questions in %s, want one and %s", asked.Load(), took, fileTimeout)
		}
		close(goOn)
		f.wait()
		if got, err := f.ask(hang); got != 2 || err != nil {
			t.Errorf("got %d and %v, want the answer to a new question", got, err)
		}
		f.wait()
	})
}

func TestFlightStopsItsQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flight[int]
		_, err := f.ask(func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
		}
		f.wait()
	})
}

// A panic in the goroutine of a flight is an error, and not the end of the program.
func TestFlightThatPanics(t *testing.T) {
	var f flight[int]
	_, err := f.ask(func(context.Context) (int, error) { panic("oh") })
	if err == nil || !strings.Contains(err.Error(), "oh") {
		t.Errorf("got error %v", err)
	}
	if got, err := f.ask(func(context.Context) (int, error) { return 1, nil }); got != 1 ||
		err != nil {
		t.Errorf("then %d, %v", got, err)
	}
}
