package httpapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// ask has a question answered by the engine of the history. What question keeps must not need the
// history any more.
//
// Errors: that of question, and an unavailable where there is no history to ask.
func (a *API) ask(ctx context.Context, question func(*promql.Engine) error) error {
	var answered error
	err := a.read(ctx, func(history *service.History) error {
		answered = question(a.engines.of(history))
		return answered
	})
	if err == nil || answered != nil && errors.Is(err, answered) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	return unavailable(err)
}
