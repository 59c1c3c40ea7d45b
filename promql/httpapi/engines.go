package httpapi

import (
	"sync"

	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// engines has the engine of the history that was last asked. Another file that takes the place of
// this one is another history, and gets another engine.
type engines struct {
	options promql.Options

	mu      sync.Mutex
	history *service.History
	engine  *promql.Engine
}

func (e *engines) of(history *service.History) *promql.Engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.engine == nil || e.history != history {
		e.history, e.engine = history, promql.New(history, e.options)
	}
	return e.engine
}
