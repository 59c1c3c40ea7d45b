// Package api answers over HTTP from a history file: points as JSON, the newest values for
// Prometheus, the health of the store, and a page for people. It only reads; the file is written
// elsewhere, in this process or not.
//
//	a := api.New(api.Options{Path: "/var/lib/wanctl/metrics.db"})
//	defer a.Close()
//	http.Handle("/", a.Handler())
//
// The handler does not ask where a request comes from: see Handler for what that means without a
// Token.
//
// A program that runs a service.Writer hands it over in Options, and the health of its queue, its
// commits and its maintenance is shown as well. A program that has a registry of its own registers
// a.Collector() there.
package api
