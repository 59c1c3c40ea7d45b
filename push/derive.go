package push

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/wanstore/wanstore/service"
)

// derived is one of the series that a receiver gets of a series of the file.
type derived struct {
	series  int64  // its id in the file
	name    string // the metric at the receiver
	encoded []byte // its labels
	alike   bool   // another one has these labels, so it is not sent
	value   func(service.Bucket) (value float64, ok bool)
}

// source is a series of the file, and what is sent for it.
type source struct {
	info  service.SeriesInfo
	parts []*derived
	// ratios are those of the states that the metric does not name, made when such a state is met.
	ratios map[float64]*derived
}

// aspect is what a derived series tells of a bucket.
type aspect struct {
	suffix string
	value  func(service.Bucket) (float64, bool)
}

// basic are the aspects that every bucket has beside its mean or mode.
var basic = []aspect{
	{"_min", func(b service.Bucket) (float64, bool) { return b.Min, true }},
	{"_max", func(b service.Bucket) (float64, bool) { return b.Max, true }},
	{"_count", func(b service.Bucket) (float64, bool) { return float64(b.Count), true }},
	{"_sum", func(b service.Bucket) (float64, bool) { return b.Sum, true }},
}

// percentiles are the aspects that a bucket with a sketch has.
var percentiles = []aspect{
	{"_p50", quantileOf(0.5)}, {"_p95", quantileOf(0.95)}, {"_p99", quantileOf(0.99)},
}

// ratioSuffix is that of the share of the samples of a bucket that were in a state.
const ratioSuffix = "_ratio"

func quantileOf(q float64) func(service.Bucket) (float64, bool) {
	return func(b service.Bucket) (float64, bool) {
		if b.Distribution == nil {
			return 0, false
		}
		return b.Distribution.Quantile(q), true
	}
}

// naming says what series are called at the receiver.
type naming struct {
	fixed       []label // the site and what is configured beside it
	suffix      string  // before the endings of derived metrics
	percentiles bool
	granularity service.Granularity // that was asked for
	states      map[string]service.StateNames
}

// aspects lists what is sent of a metric beside its mean or mode, without the ratios.
func (n *naming) aspects(of service.Aggregation) []aspect {
	if n.percentiles && of != service.Mode {
		return slices.Concat(basic, percentiles)
	}
	return basic
}

// names lists the metrics that are made from one, beside itself.
func (n *naming) names(metric string, of service.Aggregation) []string {
	var names []string
	for _, a := range n.aspects(of) {
		names = append(names, metric+n.suffix+a.suffix)
	}
	if of == service.Mode {
		names = append(names, metric+n.suffix+ratioSuffix)
	}
	return names
}

// checkNames refuses derived metrics that have the name of a metric of the file.
func (n *naming) checkNames(series []service.SeriesInfo) error {
	known := map[string]service.Aggregation{}
	for _, s := range series {
		known[s.Metric] = s.Aggregation
	}
	for _, metric := range slices.Sorted(maps.Keys(known)) {
		for _, name := range n.names(metric, known[metric]) {
			if _, taken := known[name]; taken {
				return fmt.Errorf("%w: %s made from %s, and the metric %s of the file",
					ErrNameTaken, name, metric, name)
			}
		}
	}
	return nil
}

// source returns what is sent of the buckets of a series at a granularity, which for raw samples is
// the samples alone.
func (n *naming) source(info service.SeriesInfo, g service.Granularity) *source {
	s := &source{info: info}
	s.parts = append(s.parts, n.derive(info, g, info.Metric, label{},
		func(b service.Bucket) (float64, bool) { return b.Value(info.Aggregation), true }))
	if g == service.Raw {
		return s
	}
	for _, a := range n.aspects(info.Aggregation) {
		s.parts = append(s.parts,
			n.derive(info, g, info.Metric+n.suffix+a.suffix, label{}, a.value))
	}
	if info.Aggregation != service.Mode {
		return s
	}
	s.ratios = map[float64]*derived{}
	for _, state := range slices.Sorted(maps.Keys(n.states[info.Metric])) {
		s.parts = append(s.parts, n.ratio(info, g, state))
	}
	return s
}

// ratio is the share of a state. Of a state that the metric names there is one in every bucket, so
// that an average over time is right; of any other where it occurs.
func (n *naming) ratio(
	info service.SeriesInfo, g service.Granularity, state float64,
) *derived {
	name, named := n.states[info.Metric][state]
	if !named {
		name = strconv.FormatFloat(state, 'g', -1, 64)
	}
	return n.derive(info, g, info.Metric+n.suffix+ratioSuffix, label{stateLabel, name},
		func(b service.Bucket) (float64, bool) {
			for _, s := range b.States {
				if s.Value == state {
					return float64(s.Count) / float64(b.Count), true
				}
			}
			return 0, named
		})
}

func (n *naming) derive(
	info service.SeriesInfo, g service.Granularity, name string, more label,
	value func(service.Bucket) (float64, bool),
) *derived {
	var set labelSet
	set.add(nameLabel, name)
	for _, l := range n.fixed {
		set.add(l.name, l.value)
	}
	set.add(wanLabel, info.WAN)
	set.add(more.name, more.value)
	if g != n.granularity {
		set.add(granularityLabel, g.String())
	}
	for _, own := range slices.Sorted(maps.Keys(info.Labels)) {
		set.addOwn(own, info.Labels[own])
	}
	return &derived{
		series: info.ID, name: name, encoded: encodeLabels(set.sorted()), value: value,
	}
}
