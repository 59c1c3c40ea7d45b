package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	upstream "github.com/prometheus/prometheus/promql"

	"github.com/wanstore/wanstore/promql"
)

// truncated is Prometheus's warning where a limit has cut an answer.
const truncated = "results truncated due to limit"

// evaluation has an engine evaluate a query.
type evaluation func(ctx context.Context, engine *promql.Engine) (*promql.Result, error)

// serveQuery answers at one moment.
func (a *API) serveQuery(w http.ResponseWriter, r *http.Request) error {
	at, err := parseTimeOr(r, paramTime, time.Now())
	if err != nil {
		return err
	}
	settings, err := parseSettings(r)
	if err != nil {
		return err
	}
	expr := r.Form.Get(paramQuery)
	return a.serveResult(w, r, func(ctx context.Context, e *promql.Engine) (*promql.Result, error) {
		return e.Instant(ctx, expr, at, settings)
	})
}

// serveQueryRange answers at each step of a stretch of time.
func (a *API) serveQueryRange(w http.ResponseWriter, r *http.Request) error {
	s, err := parseSpan(r)
	if err != nil {
		return err
	}
	settings, err := parseSettings(r)
	if err != nil {
		return err
	}
	expr := r.Form.Get(paramQuery)
	return a.serveResult(w, r, func(ctx context.Context, e *promql.Engine) (*promql.Result, error) {
		return e.Range(ctx, expr, s.start, s.end, s.step, settings)
	})
}

func (a *API) serveResult(w http.ResponseWriter, r *http.Request, evaluate evaluation) error {
	limit, err := parseLimit(r)
	if err != nil {
		return err
	}
	room, err := a.budget.reserve(r.Context())
	if err != nil {
		return err
	}
	defer room.done()
	result, err := a.evaluate(r.Context(), evaluate)
	if err != nil {
		return err
	}
	defer result.Close()
	reply := newReply(result, limit, r.Form.Get(paramStats))
	room.evaluated(reply.samples())
	return reply.send(w, &a.buffers)
}

// evaluate has a query evaluated. If the file was replaced meanwhile, the first result is of no
// use.
func (a *API) evaluate(ctx context.Context, f evaluation) (result *promql.Result, err error) {
	ctx, end := watched(ctx)
	defer end()
	err = a.ask(ctx, func(engine *promql.Engine) error {
		if result != nil {
			result.Close()
		}
		result, err = f(ctx, engine)
		return err
	})
	if err == nil {
		return result, nil
	}
	if result != nil {
		result.Close()
	}
	if errors.Is(context.Cause(ctx), errMemory) {
		err = errMemory
	}
	return nil, err
}

// newReply makes what is answered with a result.
func newReply(result *promql.Result, limit int, stats string) reply {
	made := reply{value: result.Value, warnings: result.Warnings, infos: result.Infos}
	cut := false
	switch value := result.Value.(type) {
	case upstream.Matrix:
		if cut = limit > 0 && len(value) > limit; cut {
			made.value = value[:limit]
		}
	case upstream.Vector:
		if cut = limit > 0 && len(value) > limit; cut {
			made.value = value[:limit]
		}
	}
	if cut {
		made.warnings = append(made.warnings, truncated)
	}
	if stats != "" {
		made.stats = result.Stats()
	}
	return made
}
