package promql

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/wanstore/wanstore/service"
)

const (
	wanLabel   = "wan"
	stateLabel = "state"
	ratio      = "_ratio"    // ends the name of the metric that has the shares of states
	exported   = "exported_" // begins the name of a series' own label of a name that is taken
)

// catalog is what series a snapshot has, real and virtual.
type catalog struct {
	series []service.SeriesInfo
	names  map[string]bool               // of real metrics
	states map[string]service.StateNames // by the metrics that declare them
}

func newCatalog(ctx context.Context, snapshot *service.Snapshot) (*catalog, error) {
	c := &catalog{
		series: snapshot.Series(),
		names:  map[string]bool{}, states: map[string]service.StateNames{},
	}
	for _, one := range c.series {
		c.names[one.Metric] = true
	}
	metrics, err := snapshot.Metrics(ctx)
	if err != nil {
		return nil, err
	}
	for _, metric := range metrics {
		c.states[metric.Name] = metric.States
	}
	return c, nil
}

// picked is a series that matchers pick, of states as what it is or as the shares of its states.
type picked struct {
	service.SeriesInfo
	shares bool
}

// pick returns the series that all matchers pick. Of shares, the label of the state is not looked
// at.
func (c *catalog) pick(matchers []*labels.Matcher) (list []picked) {
	for _, info := range c.series {
		for _, one := range []picked{{SeriesInfo: info}, {SeriesInfo: info, shares: true}} {
			if one.shares && !c.sharesOf(info) {
				continue
			}
			if one.matches(matchers) {
				list = append(list, one)
			}
		}
	}
	return list
}

// sharesOf reports that the shares of the states of a series are shown.
func (c *catalog) sharesOf(info service.SeriesInfo) bool {
	return info.Aggregation == service.Mode && !c.names[info.Metric+ratio]
}

// shadowed returns the names of real metrics that matchers pick and that hide shares of states.
func (c *catalog) shadowed(list []picked) (names []string) {
	hidden := map[string]bool{}
	for _, info := range c.series {
		if name := info.Metric + ratio; info.Aggregation == service.Mode && c.names[name] {
			hidden[name] = true
		}
	}
	for _, one := range list {
		if hidden[one.Metric] && !one.shares && !slices.Contains(names, one.Metric) {
			names = append(names, one.Metric)
		}
	}
	return names
}

func (p picked) matches(matchers []*labels.Matcher) bool {
	var all labels.Labels
	for _, m := range matchers {
		switch {
		case p.shares && m.Name == stateLabel:
		case m.Name == nameLabel:
			if !m.Matches(p.name()) {
				return false
			}
		case m.Name == wanLabel:
			if !m.Matches(p.WAN) {
				return false
			}
		default:
			if all.IsEmpty() {
				all = p.labels("")
			}
			if !m.Matches(all.Get(m.Name)) {
				return false
			}
		}
	}
	return true
}

func (p picked) name() string {
	if p.shares {
		return p.Metric + ratio
	}
	return p.Metric
}

// labels returns the labels that a series is shown with. The state is that of shares.
func (p picked) labels(state string) labels.Labels {
	builder := labels.NewBuilder(labels.EmptyLabels())
	for name, value := range p.Labels {
		if p.shares && p.moves(name) {
			name = exported + name
		}
		builder.Set(name, value)
	}
	builder.Set(nameLabel, p.name())
	builder.Set(wanLabel, p.WAN)
	if p.shares {
		builder.Set(stateLabel, state)
	}
	return builder.Labels()
}

// moves reports that a label of shares cannot keep its name: it is that of the state, or what a
// label that moves becomes.
func (p picked) moves(name string) bool {
	if name == stateLabel {
		return true
	}
	other, ok := strings.CutPrefix(name, exported)
	return ok && p.Labels[other] != "" && p.moves(other)
}

// stateName returns what a state is called: its declared name, or its number.
func (c *catalog) stateName(metric string, state float64) string {
	if name, ok := c.states[metric][state]; ok {
		return name
	}
	return strconv.FormatFloat(state, 'f', -1, 64)
}

// declared returns the names of all states that a metric declares, sorted.
func (c *catalog) declared(metric string) []string {
	var names []string
	for _, name := range c.states[metric] {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// statesOf returns the names of the states that a series is shown to have: those that are declared,
// and those in its rows.
func (c *catalog) statesOf(one picked, runs []*run) []string {
	names := c.declared(one.Metric)
	for _, run := range runs {
		names = slices.AppendSeq(names, maps.Keys(run.inState))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// matchState reports that matchers pick the shares of a state.
func matchState(matchers []*labels.Matcher, state string) bool {
	for _, m := range matchers {
		if m.Name == stateLabel && !m.Matches(state) {
			return false
		}
	}
	return true
}
