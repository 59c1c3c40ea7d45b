package api

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"
)

const (
	// maxReads is how many requests for points read at once. It leaves connections of the file to
	// /metrics and /health.
	maxReads = 2

	// maxPoints bounds the points of all replies that are being made or fetched: some 50 MB.
	maxPoints = 5 * maxLimit
)

// capacity bounds what requests for points take at once, in a process whose real work may be to
// record.
type capacity struct {
	reads  *semaphore.Weighted
	points *semaphore.Weighted
}

func newCapacity() capacity {
	return capacity{reads: semaphore.NewWeighted(maxReads), points: semaphore.NewWeighted(maxPoints)}
}

// errTooMany says that others took all there was for as long as a request may take.
var errTooMany = fmt.Errorf("%w: too many others ask at the same time", ErrUnavailable)

// reserve waits until there is room for a reply of so many points.
//
// Errors: errTooMany when ctx is done.
func (c *capacity) reserve(ctx context.Context, limit int) (*reservation, error) {
	if err := c.points.Acquire(ctx, int64(limit)); err != nil {
		return nil, errTooMany
	}
	if err := c.reads.Acquire(ctx, 1); err != nil {
		c.points.Release(int64(limit))
		return nil, errTooMany
	}
	return &reservation{capacity: c, points: int64(limit)}, nil
}

// reservation is the room for one reply.
type reservation struct {
	capacity *capacity
	points   int64
}

// read notes that the reply has been read and how many points it has: others may read, and have the
// room that is left.
func (r *reservation) read(points int) {
	r.capacity.reads.Release(1)
	r.capacity.points.Release(r.points - int64(points))
	r.points = int64(points)
}

// done gives the room back when the reply has been sent.
func (r *reservation) done() { r.capacity.points.Release(r.points) }
