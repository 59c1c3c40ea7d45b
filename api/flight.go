package api

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// fileTimeout is how long /metrics and /health wait for the file: a monitor of a daemon
// wants an answer when its disk hangs, too.
const fileTimeout = 3 * time.Second

// flight asks the file one question at a time, in a goroutine that a hung disk may hold for as long
// as it likes. Questions asked meanwhile wait for the same answer, so that hanging ones do not pile
// up.
type flight[T any] struct {
	mu      sync.Mutex
	running *landing[T]
}

// landing is how a flight ends.
type landing[T any] struct {
	done  chan struct{} // closed when the fields below are set
	value T
	err   error
}

// ask returns the answer to a question that is under way, or to this one.
//
// Errors: that of the question, and context.DeadlineExceeded when there is none within fileTimeout.
func (f *flight[T]) ask(question func(context.Context) (T, error)) (T, error) {
	a := f.join(question)
	timer := time.NewTimer(fileTimeout)
	defer timer.Stop()
	select {
	case <-a.done:
		return a.value, a.err
	case <-timer.C:
		var none T
		return none, context.DeadlineExceeded
	}
}

func (f *flight[T]) join(question func(context.Context) (T, error)) *landing[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running != nil {
		return f.running
	}
	a := &landing[T]{done: make(chan struct{})}
	f.running = a
	go f.fly(a, question)
	return a
}

func (f *flight[T]) fly(a *landing[T], question func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), fileTimeout)
	defer cancel()
	defer func() {
		if reason := recover(); reason != nil { // in a goroutine of its own it would end the host program
			a.err = fmt.Errorf("panic: %v\n%s", reason, debug.Stack())
		}
		f.mu.Lock()
		f.running = nil
		f.mu.Unlock()
		close(a.done)
	}()
	a.value, a.err = question(ctx)
}

// wait blocks until the question under way, if there is one, has been answered.
func (f *flight[T]) wait() {
	f.mu.Lock()
	a := f.running
	f.mu.Unlock()
	if a != nil {
		<-a.done
	}
}
