package push

import (
	"context"
	"slices"

	"github.com/wanstore/wanstore/service"
)

// catalog is what is sent of each series of the file.
type catalog struct {
	naming  naming
	series  []service.SeriesInfo
	sources [service.Hour + 1]map[int64]*source // by granularity, made when it is needed
	owners  map[string]*derived                 // by the labels at the receiver
}

// update takes over the series and metrics that a view of the file has.
func (c *catalog) update(ctx context.Context, view *service.Snapshot) error {
	metrics, err := view.Metrics(ctx)
	if err != nil {
		return err
	}
	states := map[string]service.StateNames{}
	for _, m := range metrics {
		if len(m.States) > 0 {
			states[m.Name] = m.States
		}
	}
	series := view.Series()
	if sameSeries(c.series, series) && sameStates(c.naming.states, states) {
		return nil
	}
	c.series, c.naming.states = series, states
	c.sources, c.owners = [service.Hour + 1]map[int64]*source{}, map[string]*derived{}
	return nil
}

func sameSeries(a, b []service.SeriesInfo) bool {
	return slices.EqualFunc(a, b, func(a, b service.SeriesInfo) bool {
		return a.ID == b.ID && a.Metric == b.Metric && a.WAN == b.WAN && a.Aggregation == b.Aggregation
	})
}

func sameStates(a, b map[string]service.StateNames) bool {
	if len(a) != len(b) {
		return false
	}
	for metric, names := range a {
		other, ok := b[metric]
		if !ok || len(names) != len(other) {
			return false
		}
		for value, name := range names {
			if got, ok := other[value]; !ok || got != name {
				return false
			}
		}
	}
	return true
}

// at returns what is sent of each series at a granularity.
func (c *catalog) at(g service.Granularity) map[int64]*source {
	if c.sources[g] != nil {
		return c.sources[g]
	}
	all := make(map[int64]*source, len(c.series))
	for _, info := range c.series {
		s := c.naming.source(info, g)
		for _, d := range s.parts {
			c.own(d)
		}
		all[info.ID] = s
	}
	c.sources[g] = all
	return all
}

// own notes a series. Of two that would become one at the receiver the later is not sent.
func (c *catalog) own(d *derived) {
	if owner := c.owners[string(d.encoded)]; owner != nil {
		d.alike = true
		return
	}
	c.owners[string(d.encoded)] = d
}

// parts calls f for each series that a bucket has a value of, at the receiver.
func (c *catalog) parts(
	g service.Granularity, b service.Bucket, f func(d *derived, value float64),
) {
	s := c.at(g)[b.SeriesID]
	if s == nil {
		return // it came after the view of the catalog
	}
	for _, d := range s.parts {
		if value, ok := d.value(b); ok {
			f(d, value)
		}
	}
	if s.ratios == nil {
		return
	}
	for _, state := range b.States {
		if _, named := c.naming.states[s.info.Metric][state.Value]; named {
			continue
		}
		d := c.unnamed(s, g, state.Value)
		value, _ := d.value(b)
		f(d, value)
	}
}

// unnamed returns the ratio of a state that the metric does not name.
func (c *catalog) unnamed(s *source, g service.Granularity, state float64) *derived {
	if s.ratios[state] == nil {
		s.ratios[state] = c.naming.ratio(s.info, g, state)
		c.own(s.ratios[state])
	}
	return s.ratios[state]
}
