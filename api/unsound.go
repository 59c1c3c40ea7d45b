package api

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wanstore/wanstore/service"
)

// unsound is what the writer of this process has left out, and what reading has: of a place
// whichever has met more.
func (a *API) unsound(read []service.Unsound) []service.Unsound {
	if a.options.Writer == nil {
		return read
	}
	list := a.options.Writer.Status().Unsound
	for _, one := range read {
		known := slices.IndexFunc(list, func(u service.Unsound) bool {
			return u.Table == one.Table && u.Granularity == one.Granularity
		})
		switch {
		case known < 0:
			list = append(list, one)
		case one.Rows > list[known].Rows:
			list[known] = one
		}
	}
	return list
}

func collectUnsound(metrics chan<- prometheus.Metric, list []service.Unsound) {
	for _, one := range list {
		send(metrics, unsoundRows, float64(one.Rows), one.Table, one.Granularity)
	}
}

// withContent adds what the file says of its content to what the writer says, which looks at all of
// it once a day.
func withContent(writers, files []service.Problem) []service.Problem {
	isContent := func(p service.Problem) bool { return p.Reason == service.ContentDamaged }
	if i := slices.IndexFunc(files, isContent); i >= 0 && !slices.ContainsFunc(writers, isContent) {
		return append(writers, files[i])
	}
	return writers
}
