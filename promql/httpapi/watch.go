package httpapi

import (
	"context"
	"errors"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// maxHeap is how far the heap may grow while queries are evaluated. The engine counts samples,
	// and this is for what it does not count: series with a value each, room that it takes ahead.
	maxHeap = 256 << 20
	// heapPace is how often the heap is looked at.
	heapPace = 20 * time.Millisecond
)

// errMemory reports a query that has taken more memory than there may be.
var errMemory = errors.New("the query takes too much memory: ask for a shorter range, " +
	"a wider step or fewer series")

// watched returns a context that is cancelled with errMemory when the heap grows too far, and what
// ends the watch.
func watched(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(heapPace)
		defer ticker.Stop()
		for before := heap(); ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if heap() > before+maxHeap {
					cancel(errMemory)
					return
				}
			}
		}
	})
	return ctx, func() {
		cancel(nil)
		watching.Wait()
	}
}

// heap is how many bytes the objects on the heap have, with those that wait to be freed.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
