package promql

import (
	"context"
	"log/slog"
	"time"

	upstream "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

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
)

// Settings are those of one query. The zero value has what Options say.
type Settings struct {
	Timeout      time.Duration // of this query, if it is sooner than that of Options
	Lookback     time.Duration
	PerStepStats bool // whether Result.Stats has figures of each step
}

// Engine answers queries from one history. It is safe for any number of goroutines.
type Engine struct {
	history  *service.History
	engine   *upstream.Engine
	timeout  time.Duration
	lookback time.Duration
}

// New returns an engine that reads history, which stays open for as long as queries run.
func New(history *service.History, options Options) *Engine {
	if options.MaxSamples <= 0 {
		options.MaxSamples = defaultMaxSamples
	}
	if options.Timeout <= 0 {
		options.Timeout = defaultTimeout
	}
	if options.Lookback <= 0 {
		options.Lookback = defaultLookback
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	return &Engine{
		history: history, timeout: options.Timeout, lookback: options.Lookback,
		engine: upstream.NewEngine(upstream.EngineOpts{
			Logger: options.Logger, MaxSamples: options.MaxSamples, Timeout: options.Timeout,
			LookbackDelta: options.Lookback, EnableAtModifier: true, EnableNegativeOffset: true,
			EnablePerStepStats: true, Parser: parser.NewParser(parser.Options{}),
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
	query, err := e.engine.NewInstantQuery(ctx, e.queryable(), e.queryOpts(settings), expr, at)
	return e.run(ctx, query, expr, settings, err)
}

// Range answers expr at from, and each step after it up to until.
//
// Errors: as Instant.
func (e *Engine) Range(
	ctx context.Context, expr string, from, until time.Time, step time.Duration, settings Settings,
) (*Result, error) {
	query, err := e.engine.NewRangeQuery(
		ctx, e.queryable(), e.queryOpts(settings), expr, from, until, step)
	return e.run(ctx, query, expr, settings, err)
}

func (e *Engine) queryOpts(settings Settings) upstream.QueryOpts {
	lookback := settings.Lookback
	if lookback <= 0 {
		lookback = e.lookback
	}
	return upstream.NewPrometheusQueryOpts(settings.PerStepStats, lookback, nil)
}

func (e *Engine) run(
	ctx context.Context, query upstream.Query, expr string, settings Settings, err error,
) (*Result, error) {
	if err != nil {
		return nil, parseError(expr, err)
	}
	if settings.Timeout > 0 && settings.Timeout < e.timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, settings.Timeout)
		defer cancel()
	}
	answer := query.Exec(ctx)
	if answer.Err != nil {
		query.Close()
		return nil, evaluationError(answer.Err)
	}
	result := &Result{Value: answer.Value, query: query}
	result.Warnings, result.Infos = annotationTexts(answer.Warnings, expr)
	return result, nil
}

func (e *Engine) queryable() storage.Queryable {
	return storage.QueryableFunc(func(_, _ int64) (storage.Querier, error) {
		return storage.NoopQuerier(), nil
	})
}
