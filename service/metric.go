package service

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wanstore/wanstore/repo"
)

// Aggregation is how the samples of a metric become one value a bucket.
type Aggregation string

// The aggregations.
const (
	Average Aggregation = "avg"  // the mean of the samples, for measurements
	Mode    Aggregation = "mode" // the value that most samples had, the larger of a tie, for states
)

// Metric describes a metric. The file keeps the description, so that every program shows it. A
// declaration of name and aggregation alone leaves the description as it is.
type Metric struct {
	Name        string // by the rules of Prometheus, the unit at its end
	Aggregation Aggregation

	Help   string     // what it measures; may have several lines
	Unit   string     // for people: ms, Mbit/s, or "" for states
	States StateNames // of a state: the names of its values
	// NoPercentiles reports that its buckets need not keep what percentiles are made of.
	NoPercentiles bool
}

// The metrics that a WAN controller records.
const (
	RTT             = "wanctl_rtt_ms"
	RTTBaseline     = "wanctl_rtt_baseline_ms"
	RTTDelta        = "wanctl_rtt_delta_ms"
	RTTJitter       = "wanctl_rtt_jitter_ms"
	LossRatio       = "wanctl_loss_ratio"
	RateDownload    = "wanctl_rate_download_mbps"
	RateUpload      = "wanctl_rate_upload_mbps"
	State           = "wanctl_state"
	SteeringEnabled = "wanctl_steering_enabled"
)

// Metrics returns the metrics that every writer knows: those of the constants, and the others that
// wanctl records.
func Metrics() []Metric {
	return append([]Metric{
		measured(RTT, "Round-trip time to the reflector.", "ms"),
		measured(RTTBaseline, "Round-trip time of the idle line.", "ms"),
		measured(RTTDelta, "Round-trip time above the baseline.", "ms"),
		measured(RateDownload, "Download rate.", "Mbit/s"),
		measured(RateUpload, "Upload rate.", "Mbit/s"),
		state(State, "Congestion state: 0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED.", congestion()),
		state(SteeringEnabled, "Whether traffic is steered to another WAN: 0 no, 1 yes.",
			StateNames{0: "no", 1: "yes"}),
	}, wanctlMetrics()...)
}

func measured(name, help, unit string) Metric {
	return Metric{Name: name, Aggregation: Average, Help: help, Unit: unit}
}

func state(name, help string, names StateNames) Metric {
	return Metric{Name: name, Aggregation: Mode, Help: help, States: names}
}

// congestion names the states of a line.
func congestion() StateNames {
	return StateNames{0: "GREEN", 1: "YELLOW", 2: "SOFT_RED", 3: "RED"}
}

// clone returns a metric that shares nothing with this one.
func (m Metric) clone() Metric {
	m.States = maps.Clone(m.States)
	return m
}

// catalogue is what a writer knows of metrics, by name.
type catalogue map[string]Metric

// with returns the catalogue and the metrics beside it. With an error the catalogue is nil.
func (c catalogue) with(metrics []Metric) (catalogue, error) {
	all := make(catalogue, len(c)+len(metrics))
	maps.Copy(all, c)
	for _, metric := range metrics {
		if err := all.check(metric); err != nil {
			return nil, err
		}
		if _, known := all[metric.Name]; !known || metric.describes() {
			all[metric.Name] = metric.clone()
		}
	}
	return all, nil
}

func (c catalogue) check(metric Metric) error {
	if err := checkMetricName(metric.Name); err != nil {
		return err
	}
	if metric.Aggregation != Average && metric.Aggregation != Mode {
		return fmt.Errorf("%w: metric %s: aggregation %q, want %q or %q",
			ErrAggregation, metric.Name, metric.Aggregation, Average, Mode)
	}
	if known, ok := c[metric.Name]; ok && known.Aggregation != metric.Aggregation {
		return fmt.Errorf("%w: metric %s is declared as %s and as %s",
			ErrAggregation, metric.Name, known.Aggregation, metric.Aggregation)
	}
	return metric.checkTexts()
}

// sorted lists the catalogue in the order of names.
func (c catalogue) sorted() []Metric {
	metrics := make([]Metric, 0, len(c))
	for _, name := range slices.Sorted(maps.Keys(c)) {
		metrics = append(metrics, c[name].clone())
	}
	return metrics
}

// agree compares the catalogue with what a file knows.
func (c catalogue) agree(file map[string]repo.Aggregation) error {
	for name, metric := range c {
		if known, ok := file[name]; ok && known != repo.Aggregation(metric.Aggregation) {
			return fmt.Errorf("%w: %s is %s there, declared here as %s", ErrAggregation, name, known,
				metric.Aggregation)
		}
	}
	return nil
}

// adopt returns the catalogue with the aggregations that a file has, and what these have replaced.
func (c catalogue) adopt(file map[string]repo.Aggregation) (adopted catalogue, replaced []Metric) {
	adopted = maps.Clone(c)
	for _, metric := range c.sorted() {
		if known, ok := file[metric.Name]; ok && known != repo.Aggregation(metric.Aggregation) {
			replaced = append(replaced, metric)
			metric.Aggregation = Aggregation(known)
			adopted[metric.Name] = metric
		}
	}
	return adopted, replaced
}
