// Package api answers over HTTP from a history file: points as JSON, the newest values for
// Prometheus, the health of the history, and a page for people. It only reads: another part of this
// process writes the file, or another process.
//
//	a := api.New(api.Options{Path: "/var/lib/wanctl/metrics.db"})
//	defer a.Close()
//	http.Handle("/", a.Handler())
//
// The handler does not ask where a request comes from: see [API.Handler] for what that means
// without a token.
//
// A program that runs a [service.Writer] hands it over in [Options], and the API shows the health
// of its queue, its commits and its maintenance as well. A program that has a registry of its own
// registers [API.Collector] there.
//
//	a := api.New(api.Options{Writer: writer})
package api
