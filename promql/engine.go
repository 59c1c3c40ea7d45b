package promql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/wanstore/wanstore/service"
)

// Options bound what a query may cost. The zero value has the defaults.
type Options struct {
	// MaxSamples is how many samples a query may have in memory at one time; 0 is 2 million.
	MaxSamples int
	Timeout    time.Duration // of a query; 0 is a minute
	// Lookback is how far back a selector looks for a sample; 0 is five minutes.
	Lookback time.Duration
	Logger   *slog.Logger // nil is slog.Default()
}

const (
	defaultMaxSamples = 2_000_000
	defaultTimeout    = time.Minute
	defaultLookback   = 5 * time.Minute
	defaultStep       = time.Minute // of a subquery that names none
)

// Settings are those of one query. The zero value has what Options say.
type Settings struct {
	Timeout      time.Duration // of this query, if it is sooner than that of Options
	Lookback     time.Duration
	PerStepStats bool // whether Result.Stats has figures of each step
}

// Engine answers queries from one history. It is safe for any number of goroutines.
type Engine struct {
	history *service.History
	engine  *upstream.Engine
	options Options // settled
}

// New returns an engine that reads history, which stays open for as long as queries run.
func New(history *service.History, options Options) *Engine {
	if options.MaxSamples <= 0 {
		options.MaxSamples = defaultMaxSamples
	}
	if options.Timeout <= 0 {
		options.Timeout = defaultTimeout
	}
	if options.Lookback < time.Millisecond {
		options.Lookback = defaultLookback
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	return &Engine{
		history: history, options: options,
		engine: upstream.NewEngine(upstream.EngineOpts{
			Logger: options.Logger, MaxSamples: options.MaxSamples, Timeout: options.Timeout,
			LookbackDelta: options.Lookback, EnableAtModifier: true, EnableNegativeOffset: true,
			EnablePerStepStats: true, Parser: guardingParser{NewParser(parser.Options{})},
			// With it the engine looks at the context at each step, not at each series only: a function
			// over a long range would go on for minutes.
			EnableQueryCost:          true,
			NoStepSubqueryIntervalFn: func(int64) int64 { return defaultStep.Milliseconds() },
		}),
	}
}

// Instant answers expr at one moment, to the millisecond.
//
// Errors: *ParseError, ErrTimeout, ErrCanceled, ErrTooManySamples, those of a history, and what
// makes no sense to evaluate.
func (e *Engine) Instant(
	ctx context.Context, expr string, at time.Time, settings Settings,
) (*Result, error) {
	return e.ask(ctx, expr, settings,
		func(ctx context.Context, q *queryable, opts upstream.QueryOpts) (upstream.Query, error) {
			return e.engine.NewInstantQuery(ctx, q, opts, expr, at)
		})
}

// Range answers expr at from, and each step after it up to until. Steps are whole milliseconds.
//
// Errors: as Instant, and ErrRange.
func (e *Engine) Range(
	ctx context.Context, expr string, from, until time.Time, step time.Duration, settings Settings,
) (*Result, error) {
	switch {
	case until.Before(from):
		return nil, fmt.Errorf("%w: it ends at %s, before %s", ErrRange, until, from)
	case step < time.Millisecond: // the engine would count it as none, or step back for ever
		return nil, fmt.Errorf("%w: a step of %s: want 1ms at least", ErrRange, step)
	}
	return e.ask(ctx, expr, settings,
		func(ctx context.Context, q *queryable, opts upstream.QueryOpts) (upstream.Query, error) {
			return e.engine.NewRangeQuery(ctx, q, opts, expr, from, until, step)
		})
}

// preparation makes a query of Prometheus's engine.
type preparation func(context.Context, *queryable, upstream.QueryOpts) (upstream.Query, error)

// ask answers an expression that it has prepared as a query, within the bounds of its settings.
func (e *Engine) ask(
	ctx context.Context, expr string, settings Settings, prepare preparation,
) (*Result, error) {
	ctx, cancel, settings := e.settle(ctx, settings)
	defer cancel()
	q := &queryable{ctx: ctx, engine: e, lookback: settings.Lookback}
	query, err := prepare(ctx, q, settings.opts())
	if err != nil {
		return nil, parseError(expr, err)
	}
	return q.execute(query, expr)
}

// settle fills in what settings leave out, and returns a context that ends with the query.
func (e *Engine) settle(
	ctx context.Context, settings Settings,
) (context.Context, context.CancelFunc, Settings) {
	if settings.Lookback < time.Millisecond {
		settings.Lookback = e.options.Lookback
	}
	if settings.Timeout <= 0 || settings.Timeout > e.options.Timeout {
		settings.Timeout = e.options.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, settings.Timeout)
	return ctx, cancel, settings
}

func (s Settings) opts() upstream.QueryOpts {
	return upstream.NewPrometheusQueryOpts(s.PerStepStats, s.Lookback, nil)
}

// execute runs a query that reads this queryable.
func (q *queryable) execute(query upstream.Query, expr string) (*Result, error) {
	if err := q.engine.checkSteps(expr, query.Statement()); err != nil {
		query.Close()
		return nil, err
	}
	averageOnce(query.Statement())
	answer := query.Exec(q.ctx)
	if err := errors.Join(answer.Err, q.closed()); err != nil {
		query.Close()
		return nil, evaluationError(err)
	}
	result := &Result{Value: answer.Value, query: query}
	result.Warnings, result.Infos = annotationTexts(answer.Warnings, expr)
	return result, nil
}
