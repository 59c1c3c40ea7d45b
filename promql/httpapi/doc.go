// Package httpapi answers PromQL over HTTP as Prometheus does, so that Grafana, promtool and every
// other client of Prometheus's API can ask a history:
//
//	a := httpapi.New(httpapi.Always(history), httpapi.Options{Token: token})
//	http.Handle("/api/v1/", a.Handler())
//
// It answers below /api/v1/: query, query_range, series, labels, label/NAME/values, metadata and
// status/buildinfo. Of what a history does not have, rules, alerts and exemplars, it answers that
// there are none.
package httpapi
