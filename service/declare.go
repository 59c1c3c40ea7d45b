package service

import (
	"context"
	"fmt"

	"github.com/wanstore/wanstore/repo"
)

// declare takes in what another user declares.
func (c *core) declare(ctx context.Context, metrics []Metric) error {
	if len(metrics) == 0 {
		return nil
	}
	wanted, err := catalogue{}.with(metrics)
	if err != nil {
		return err
	}
	return c.do(ctx, func(ctx context.Context, l *loop) error {
		file, err := l.store.MetricAggregations(ctx)
		if err != nil {
			return err
		}
		if err := wanted.agree(file); err != nil {
			return fmt.Errorf("open %s: %w", c.config.DBPath, err)
		}
		all, err := c.metrics.with(metrics)
		if err != nil {
			return err
		}
		if err := c.describe(ctx, l.store, wanted); err != nil {
			return err
		}
		c.know(all)
		return nil
	})
}

// know replaces the catalogue, and what it says of series that were resolved before. It runs
// between two commits, where nobody reads those.
func (c *core) know(metrics catalogue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metrics = metrics
	for key, s := range c.resolved {
		s.stored.Aggregation = metrics[key.MetricName].Aggregation
	}
}

// declared lists the catalogue in the order of names.
func (c *core) declared() []Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.metrics.sorted()
}

// describe writes to the file what metrics are, where it says otherwise. What every writer knows is
// written only where the file says nothing: else each program would overrule the one that describes
// such a metric in its own words.
func (c *core) describe(ctx context.Context, store *repo.Writer, metrics catalogue) error {
	wanted, err := metrics.metadata()
	if err != nil {
		return err
	}
	common, err := builtIn().metadata()
	if err != nil {
		return err
	}
	type metadata = repo.MetricMetadata
	return store.DeclareMetrics(ctx, func(known map[string]metadata) (changed []metadata) {
		for name, metric := range wanted {
			before, ok := known[name]
			if ok && (before == metric || metric == common[name]) {
				continue
			}
			changed = append(changed, metric)
		}
		return changed
	})
}

// metadata returns what the metrics have for the file, by name.
func (c catalogue) metadata() (map[string]repo.MetricMetadata, error) {
	all := make(map[string]repo.MetricMetadata, len(c))
	for name, metric := range c {
		if !metric.describes() {
			continue
		}
		one, err := metric.metadata()
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
		all[name] = one
	}
	return all, nil
}
