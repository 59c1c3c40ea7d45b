package httpapi

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// maxQueries is how many queries may be evaluated at once, where nobody fetches an answer.
const maxQueries = 2

// sampleBytes is how many bytes of a list count as a sample.
const sampleBytes = 16

// budget bounds the samples that queries and lists have in memory, while they are evaluated and
// until their answers are fetched, in a process whose real work may be to record.
type budget struct {
	samples *semaphore.Weighted
	query   int64 // of which a query may need so many
}

func newBudget(maxSamples int) budget {
	return budget{samples: semaphore.NewWeighted(maxQueries * int64(maxSamples)),
		query: int64(maxSamples)}
}

// reserve waits until there is room for a query.
//
// Errors: errBusy when ctx is done.
func (b *budget) reserve(ctx context.Context) (*reservation, error) {
	if err := b.samples.Acquire(ctx, b.query); err != nil {
		return nil, errBusy
	}
	return &reservation{budget: b, samples: b.query}, nil
}

// reservation is the room of one query.
type reservation struct {
	budget  *budget
	samples int64
}

// evaluated gives back what the answer does not need.
func (r *reservation) evaluated(samples int) {
	left := min(int64(samples), r.samples)
	r.budget.samples.Release(r.samples - left)
	r.samples = left
}

// done gives the rest back.
func (r *reservation) done() {
	r.budget.samples.Release(r.samples)
	r.samples = 0
}
