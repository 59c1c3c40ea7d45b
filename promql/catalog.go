package promql

import (
	"context"
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
	snapshot *service.Snapshot
	series   []service.SeriesInfo
	names    map[string]bool               // of real metrics
	states   map[string]service.StateNames // by the metrics that declare them, once shares are picked
}

func newCatalog(snapshot *service.Snapshot) *catalog {
	c := &catalog{snapshot: snapshot, series: snapshot.Series(), names: map[string]bool{}}
	for _, one := range c.series {
		c.names[one.Metric] = true
	}
	return c
}

// readStates reads which states metrics declare, if that has not been read yet.
func (c *catalog) readStates(ctx context.Context) error {
	if c.states != nil {
		return nil
	}
	metrics, err := c.snapshot.Metrics(ctx)
	if err != nil {
		return err
	}
	c.states = map[string]service.StateNames{}
	for _, metric := range metrics {
		c.states[metric.Name] = metric.States
	}
	return nil
}

// picked is a series that matchers pick, of states as what it is or as the shares of its states.
type picked struct {
	service.SeriesInfo
	shares bool
}

// pick returns the series that all matchers pick, and the names of real metrics that hide shares
// which they pick. Of shares, the label of the state is not looked at. It stops when ctx is done: a
// regular expression may take long for each series.
func (c *catalog) pick(
	ctx context.Context, matchers []*labels.Matcher,
) (list []picked, hidden []string, err error) {
	for _, info := range c.series {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if one := (picked{SeriesInfo: info}); one.matches(matchers) {
			list = append(list, one)
		}
		shares := picked{SeriesInfo: info, shares: true}
		switch {
		case info.Aggregation != service.Mode || !shares.matches(matchers):
		case !c.names[shares.name()]:
			list = append(list, shares)
		case !slices.Contains(hidden, shares.name()):
			hidden = append(hidden, shares.name())
		}
	}
	if slices.ContainsFunc(list, func(p picked) bool { return p.shares }) {
		err = c.readStates(ctx)
	}
	return list, hidden, err
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

// called returns the values in rows of a metric whose states have a name, which may be several.
func (c *catalog) called(name, metric string, runs []*run) []float64 {
	return slices.DeleteFunc(valuesOf(runs), func(state float64) bool {
		return c.stateName(metric, state) != name
	})
}

// statesOf returns the names of the states that a series is shown to have: those that are declared,
// and those in its rows.
func (c *catalog) statesOf(one picked, runs []*run) []string {
	names := c.declared(one.Metric)
	for _, run := range runs {
		for state := range run.inState {
			names = append(names, c.stateName(one.Metric, state))
		}
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
