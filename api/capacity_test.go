package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// No more than maxReads read at once, and no more than maxPoints are made or fetched; a request
// that waits for too long is told so.
func TestCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCapacity()
		reserve := func(limit int) (*reservation, error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			return c.reserve(ctx, limit)
		}
		refused := func(limit int) {
			t.Helper()
			if _, err := reserve(limit); !errors.Is(err, errTooMany) || !errors.Is(err, ErrUnavailable) {
				t.Errorf("got %v, want %v", err, errTooMany)
			}
		}
		taken := func(limit int) *reservation {
			t.Helper()
			r, err := reserve(limit)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		first, second := taken(maxLimit), taken(10)
		refused(1) // two are reading
		second.read(10)
		second.done()
		first.read(maxLimit) // and being fetched
		for range maxPoints/maxLimit - 2 {
			taken(maxLimit).read(maxLimit)
		}
		small := taken(maxLimit)
		small.read(1) // what it has not needed is free again
		taken(maxLimit - 1).read(maxLimit - 1)
		refused(1)
		first.done()
		taken(maxLimit)
	})
}
