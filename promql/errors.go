package promql

import (
	"context"
	"errors"
	"fmt"

	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// ErrTimeout reports a query that has taken longer than it may.
var ErrTimeout = errors.New("query timed out")

// ErrCanceled reports a query whose context was cancelled.
var ErrCanceled = errors.New("query was cancelled")

// ErrTooManySamples reports a query that would hold more samples in memory than it may.
var ErrTooManySamples = errors.New("query needs too many samples")

// ErrRange reports a range that has no steps: one that ends before it begins, or whose step is
// shorter than a millisecond.
var ErrRange = errors.New("range cannot be evaluated")

// ParseError reports an expression that cannot be understood.
type ParseError struct {
	Expr       string
	Start, End int // the bytes of Expr that are wrong, [Start, End)
	Problem    string

	whole bool // it is parsed, but cannot be what was asked for
}

// Error returns the line, the column and the problem, as Prometheus words it.
func (e *ParseError) Error() string {
	if e.whole {
		return e.Problem
	}
	at := posrange.PositionRange{Start: posrange.Pos(e.Start), End: posrange.Pos(e.End)}
	return fmt.Sprintf("%s: parse error: %s", at.StartPosInput(e.Expr, 0), e.Problem)
}

// parseError turns what is wrong with an expression into a ParseError. A query may also be too late
// to be parsed.
func parseError(expr string, err error) error {
	if named := evaluationError(err); errors.Is(named, ErrTimeout) || errors.Is(named, ErrCanceled) {
		return named
	}
	if known, ok := errors.AsType[*ParseError](err); ok {
		return known
	}
	all, ok := errors.AsType[parser.ParseErrors](err)
	if !ok || len(all) == 0 {
		return &ParseError{Expr: expr, End: len(expr), Problem: err.Error(), whole: true}
	}
	first := all[0]
	return &ParseError{
		Expr: expr, Start: int(first.PositionRange.Start), End: int(first.PositionRange.End),
		Problem: first.Err.Error(),
	}
}

// evaluationError gives the errors of the engine, and those of the contexts of a reading, the names
// of this package.
func evaluationError(err error) error {
	_, timeout := errors.AsType[upstream.ErrQueryTimeout](err)
	_, canceled := errors.AsType[upstream.ErrQueryCanceled](err)
	_, tooMany := errors.AsType[upstream.ErrTooManySamples](err)
	switch {
	case tooMany:
		return fmt.Errorf("%w: %w", ErrTooManySamples, err)
	case timeout, errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	case canceled, errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %w", ErrCanceled, err)
	}
	return err
}
