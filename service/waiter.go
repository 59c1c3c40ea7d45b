package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// maxSampleErrors bounds the errors that one Write lists; the rest are counted.
const maxSampleErrors = 20

// waiter collects what becomes of the entries of one call of Write or Flush.
type waiter struct {
	done chan struct{} // closed when all are settled

	mu      sync.Mutex
	left    int
	refused int
	errs    []error
}

func newWaiter(entries int) *waiter {
	w := &waiter{done: make(chan struct{}), left: entries}
	if entries == 0 {
		close(w.done)
	}
	return w
}

// accept settles entries that are in the file.
func (w *waiter) accept(entries int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settled(entries)
}

// refuse settles one entry that is not.
func (w *waiter) refuse(e entry, reason error) {
	if e.series == nil {
		w.fail(reason) // a mark of Flush
		return
	}
	w.fail(&SampleError{Sample: Sample{Series: e.series, Time: e.ts.Time(), Value: e.value},
		Err: reason})
}

func (w *waiter) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused++
	if len(w.errs) < maxSampleErrors {
		w.errs = append(w.errs, err)
	}
	w.settled(1)
}

// settled is called under the lock.
func (w *waiter) settled(entries int) {
	if w.left -= entries; w.left == 0 {
		close(w.done)
	}
}

// wait blocks until every entry is settled or ctx is done, which leaves the entries where they are.
func (w *waiter) wait(ctx context.Context) error {
	select {
	case <-w.done:
		return w.result()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *waiter) result() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	errs := w.errs
	if more := w.refused - len(errs); more > 0 {
		errs = append(errs, fmt.Errorf("and %d more samples", more))
	}
	return errors.Join(errs...)
}
