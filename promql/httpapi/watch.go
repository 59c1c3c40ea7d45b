package httpapi

import (
	"context"
	"errors"
	"runtime"
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
	most := bytesOf(liveHeap) + maxHeap
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(heapPace)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if isFull(most) {
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

// What the runtime counts of the heap: all objects, with those that wait to be freed, and those
// that the last collection has left.
const (
	wholeHeap = "/memory/classes/heap/objects:bytes"
	liveHeap  = "/gc/heap/live:bytes"
)

// isFull tells whether so many bytes on the heap are in use. It frees those that are not before it
// counts.
func isFull(most uint64) bool {
	if bytesOf(wholeHeap) <= most {
		return false
	}
	runtime.GC()
	return bytesOf(liveHeap) > most
}

func bytesOf(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
