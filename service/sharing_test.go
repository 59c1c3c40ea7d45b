package service_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// busy opens a writer whose goroutine is kept from committing until release is called. It is for
// simulated time.
func busy(t *testing.T, config service.Config) (*service.Writer, func()) {
	t.Helper()
	held := make(chan struct{})
	options := quiet()
	options.Watchdog = func() { <-held }
	w := open(t, config, options)
	maintained := make(chan error, 1)
	go func() {
		_, err := w.Maintain(t.Context())
		maintained <- err
	}()
	synctest.Wait() // the first step is done, and the goroutine in the watchdog
	return w, func() {
		t.Helper()
		close(held)
		if err := <-maintained; err != nil {
			t.Error(err)
		}
	}
}

// Calls that come while the writer is busy share one commit. Each gets its own result.
func TestCallsShareACommit(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		const calls = 30
		w, release := busy(t, service.Config{DBPath: path})
		s := rtt(t, w)
		results := make([]error, calls)
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() {
				samples := []service.Sample{
					{Series: s, Time: time.Now().Add(time.Duration(2*i) * time.Microsecond), Value: 1},
					{Series: s, Time: time.Now().Add(time.Duration(2*i+1) * time.Microsecond), Value: 1},
				}
				if i%2 == 1 {
					samples[1].Value = math.NaN()
				}
				if i%3 == 2 {
					results[i] = w.Flush(t.Context())
					return
				}
				results[i] = w.Write(t.Context(), samples...)
			})
		}
		synctest.Wait()
		commits(t, w, 0)
		release()
		wg.Wait()
		commits(t, w, 1)
		for i, err := range results {
			if i%3 != 2 && i%2 == 1 {
				want(t, err, service.ErrValue)
				if n := len(refusals(t, err)); n != 1 {
					t.Errorf("call %d: %d samples in the error, want its own: %v", i, n, err)
				}
			} else if err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		}
		accepted(t, w, 30) // of 20 calls with two samples, half of which have a bad one
	})
}

// A call that goes away while it waits for its commit leaves those of the others alone.
func TestCancelledCallsShareACommit(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w, release := busy(t, service.Config{DBPath: path})
		s := rtt(t, w)
		ctx, cancel := context.WithCancelCause(t.Context())
		patient, gone := make(chan error, 2), make(chan error, 2)
		go func() { gone <- w.Write(ctx, numbered(s, 1, 1)...) }()
		synctest.Wait()
		go func() { patient <- w.Write(t.Context(), numbered(s, 2, 2)...) }()
		synctest.Wait()
		go func() { gone <- w.Flush(ctx) }()
		synctest.Wait()
		go func() { patient <- w.Flush(t.Context()) }()
		synctest.Wait()
		cancel(errImpatient)
		want(t, <-gone, errImpatient)
		want(t, <-gone, errImpatient)
		release()
		for range 2 {
			if err := <-patient; err != nil {
				t.Error(err)
			}
		}
		values := stored(t, path)
		if !slices.Contains(values, 2) || len(values) > 2 {
			t.Errorf("stored %v, want what was waited for", values)
		}
		accepted(t, w, int64(len(values)))
	})
}

// A context that is done before the call ends the call, and takes nothing else along.
func TestCallsWithADoneContext(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w, release := busy(t, service.Config{DBPath: path})
		s := rtt(t, w)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w.Record(numbered(s, 1, 1)...)
		want(t, w.Write(ctx, numbered(s, 2, 2)...), context.Canceled)
		want(t, w.Flush(ctx), context.Canceled)
		release()
		must(t, w.Flush(t.Context()))
		if values := stored(t, path); !slices.Contains(values, 1) || len(values) > 2 {
			t.Errorf("stored %v, want what was recorded", values)
		}
	})
}

// Of one moment in one commit the first sample stays, and that is no error for either call.
func TestSameMomentInOneCommit(t *testing.T) {
	path := filetest.Path(t)
	synctest.Test(t, func(t *testing.T) {
		w, release := busy(t, service.Config{DBPath: path})
		s := rtt(t, w)
		results := make(chan error, 3)
		for value := range 3 {
			go func() {
				results <- w.Write(t.Context(),
					service.Sample{Series: s, Time: time.Now(), Value: float64(value)})
			}()
			synctest.Wait()
		}
		release()
		var errs []error
		for range 3 {
			errs = append(errs, <-results)
		}
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]float64{0}, stored(t, path)); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		if status := w.Status(); status.Accepted != 1 || status.Duplicate != 2 {
			t.Errorf("%d accepted and %d duplicate, want 1 and 2", status.Accepted, status.Duplicate)
		}
	})
}

func TestWriteOfNothing(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	write(t, w)
	must(t, w.Flush(t.Context()))
	w.Record()
	commits(t, w, 0)
}
