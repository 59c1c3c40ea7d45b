package api

import (
	"context"

	"github.com/wanstore/wanstore/service"
)

// described is what the file says of metrics, by name.
type described map[string]service.Metric

func metricsOf(ctx context.Context, history *service.History) (described, error) {
	metrics, err := history.Metrics(ctx)
	if err != nil {
		return nil, err
	}
	all := make(described, len(metrics))
	for _, metric := range metrics {
		all[metric.Name] = metric
	}
	return all, nil
}
