package service

import (
	"fmt"
	"maps"

	"github.com/wanstore/wanstore/repo"
)

// Aggregation says how the samples of a metric become one value a bucket.
type Aggregation = repo.Aggregation

// The aggregations.
const (
	Average = repo.Average // the mean of the samples, for measurements
	Mode    = repo.Mode    // the value that most samples had, the larger one of a tie, for states
)

// Metric describes a metric.
type Metric struct {
	Name        string // by the rules of Prometheus, the unit at its end
	Help        string
	Unit        string // for people: ms, Mbit/s, or "" for states
	Aggregation Aggregation
}

// The metrics that a WAN controller records.
const (
	RTT             = "wanctl_rtt_ms"
	RTTBaseline     = "wanctl_rtt_baseline_ms"
	RTTDelta        = "wanctl_rtt_delta_ms"
	RateDownload    = "wanctl_rate_download_mbps"
	RateUpload      = "wanctl_rate_upload_mbps"
	State           = "wanctl_state"
	SteeringEnabled = "wanctl_steering_enabled"
)

// Metrics returns the metrics that every writer knows.
func Metrics() []Metric {
	return []Metric{
		{RTT, "Round-trip time to the reflector.", "ms", Average},
		{RTTBaseline, "Round-trip time of the idle line.", "ms", Average},
		{RTTDelta, "Round-trip time above the baseline.", "ms", Average},
		{RateDownload, "Download rate.", "Mbit/s", Average},
		{RateUpload, "Upload rate.", "Mbit/s", Average},
		{State, "Congestion state: 0 GREEN, 1 YELLOW, 2 SOFT_RED, 3 RED.", "", Mode},
		{SteeringEnabled, "Whether traffic is steered to another WAN: 0 no, 1 yes.", "", Mode},
	}
}

// catalogue is what a writer knows of metrics, by name.
type catalogue map[string]Metric

// declare adds metrics. All are added or, with an error, none.
func (c catalogue) declare(metrics []Metric) error {
	all := maps.Clone(c) // so that metrics are compared with each other, too
	for _, metric := range metrics {
		if err := all.check(metric); err != nil {
			return err
		}
		all[metric.Name] = metric
	}
	maps.Copy(c, all)
	return nil
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
	return nil
}

// agree compares the catalogue with what a file knows.
func (c catalogue) agree(file map[string]Aggregation) error {
	for name, metric := range c {
		if known, ok := file[name]; ok && known != metric.Aggregation {
			return fmt.Errorf("%w: %s is %s there, declared here as %s", ErrAggregation, name, known, metric.Aggregation)
		}
	}
	return nil
}
