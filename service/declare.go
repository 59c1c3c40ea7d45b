package service

import (
	"context"
	"fmt"
	"maps"

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
		if err := l.describe(ctx, wanted); err != nil {
			return err
		}
		own, err := c.own.with(metrics)
		if err != nil {
			return err
		}
		c.know(all, own)
		return nil
	})
}

// compare brings the catalogue and what the file says together. What users declare themselves has
// to agree; of the metrics that every writer knows the file may have another aggregation, from a
// program that did not know them all, which then holds.
func (c *core) compare(file map[string]repo.Aggregation) error {
	if err := c.own.agree(file); err != nil {
		return err
	}
	adopted, replaced := c.metrics.adopt(file)
	if len(replaced) == 0 {
		return nil
	}
	c.know(adopted, c.own)
	for _, metric := range replaced {
		c.log.Warn("the file has another aggregation of a metric than it should, which holds until it "+
			"is corrected", "metric", metric.Name, "is", file[metric.Name], "right", metric.Aggregation,
			"by", "wanstore maintain --"+flagOf(metric.Aggregation)+" "+metric.Name)
	}
	return nil
}

// flagOf is the flag of `wanstore maintain` that gives a metric an aggregation.
func flagOf(aggregation Aggregation) string {
	if aggregation == Mode {
		return "mode"
	}
	return "average"
}

// know replaces the catalogue and what users have declared themselves, and with it what is said of
// series that were resolved before. It runs between two commits, where nobody reads those.
func (c *core) know(metrics, own catalogue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metrics, c.own = metrics, own
	for _, s := range c.resolved {
		c.inform(s)
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
func (l *loop) describe(ctx context.Context, metrics catalogue) error {
	wanted, err := metrics.metadata()
	if err != nil {
		return err
	}
	common, err := builtIn().metadata()
	if err != nil {
		return err
	}
	type metadata = repo.MetricMetadata
	return l.store.DeclareMetrics(ctx, func(known map[string]metadata) (changed []metadata) {
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

// worthWriting leaves out the metrics of wanctl that a file has no series of, unless a user has
// declared them: every program of this version shows them as they are, and small files stay small.
func (c *core) worthWriting(file map[string]repo.Aggregation) catalogue {
	some := maps.Clone(c.metrics)
	for _, metric := range wanctlMetrics() {
		_, there := file[metric.Name]
		if _, own := c.own[metric.Name]; !own && !there {
			delete(some, metric.Name)
		}
	}
	return some
}

// describeMade describes the metrics of wanctl that the file has got a first series of. What fails
// is done when the file is opened the next time.
func (l *loop) describeMade() {
	made := catalogue{}
	for _, name := range l.store.MadeMetrics() {
		if metric, known := l.metrics[name]; known {
			made[name] = metric
		}
	}
	if len(made) == 0 {
		return
	}
	if err := l.describe(context.Background(), made); err != nil {
		l.log.Warn("what new metrics are could not be written into the file", "err", err)
	}
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
