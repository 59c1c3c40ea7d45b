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

	// maxPoints bounds the points of all answers that are being made or fetched: some 50 MB.
	maxPoints = 5 * maxLimit
)

// answers bounds what requests for points take at once, in a process whose real work may be to
// record.
type answers struct {
	reads  *semaphore.Weighted
	points *semaphore.Weighted
}

func newAnswers() answers {
	return answers{reads: semaphore.NewWeighted(maxReads), points: semaphore.NewWeighted(maxPoints)}
}

// errTooMany says that others took all there was for as long as a request may take.
var errTooMany = fmt.Errorf("%w: too many others ask at the same time", errUnavailable)

// begin waits until there is room for an answer of so many points.
//
// Errors: errTooMany when ctx is done.
func (a *answers) begin(ctx context.Context, limit int) (*reservation, error) {
	if err := a.points.Acquire(ctx, int64(limit)); err != nil {
		return nil, errTooMany
	}
	if err := a.reads.Acquire(ctx, 1); err != nil {
		a.points.Release(int64(limit))
		return nil, errTooMany
	}
	return &reservation{answers: a, points: int64(limit)}, nil
}

// reservation is the room for one answer.
type reservation struct {
	answers *answers
	points  int64
}

// read says that the answer has been read and how many points it has: others may read, and have the
// room that is left.
func (r *reservation) read(points int) {
	r.answers.reads.Release(1)
	r.answers.points.Release(r.points - int64(points))
	r.points = int64(points)
}

// done gives the room back when the answer has been sent.
func (r *reservation) done() { r.answers.points.Release(r.points) }
