package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wanstore/wanstore/service"
)

// Part is another part of the program that has something to tell of itself.
type Part struct {
	Collector prometheus.Collector     // for /metrics, nil for none
	Health    func() []service.Problem // for /health, without I/O; nil for none
	Notes     func() []service.Problem // as Health, of what is no problem but worth knowing
}

// Add adds what a part tells of itself to /metrics and /health. It comes before Handler and Serve.
func (a *API) Add(part Part) { a.parts = append(a.parts, part) }
