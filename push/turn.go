package push

import "context"

// turn lets one goroutine at a time do what may take long, such as to wait for the file. Who waits
// for a turn may give up, which a mutex does not allow.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn.
//
// Errors: that of ctx.
func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// give gives the turn up.
func (t turn) give() { <-t }
