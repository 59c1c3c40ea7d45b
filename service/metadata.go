package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/wanstore/wanstore/repo"
)

// Metrics returns what the file says of metrics, in the order of their names, and what the function
// Metrics says of the others. Aggregation is empty where the file has no series of a metric yet.
//
// Errors: ErrDamaged, those of the file system, and that of ctx.
func (h *History) Metrics(ctx context.Context) ([]Metric, error) {
	declared, err := h.reader.DeclaredMetrics(ctx)
	if err != nil {
		return nil, err
	}
	return described(declared), nil
}

// described returns metrics as the file has them, and the others that every writer knows.
func described(declared []repo.DeclaredMetric) []Metric {
	all := builtIn()
	for _, one := range declared {
		metric, err := describedBy(one)
		if err != nil {
			continue // a hand has written what no program declares
		}
		metric.Aggregation = cmp.Or(metric.Aggregation, all[metric.Name].Aggregation)
		all[metric.Name] = metric
	}
	return all.sorted()
}

// builtIn is what every writer knows.
func builtIn() catalogue {
	all := catalogue{}
	for _, metric := range Metrics() {
		all[metric.Name] = metric
	}
	return all
}

// describedBy returns a metric as the file has it.
func describedBy(one repo.DeclaredMetric) (Metric, error) {
	metric := Metric{
		Name: one.MetricName, Aggregation: Aggregation(one.Aggregation),
		Help: one.Help, Unit: one.Unit, NoPercentiles: !one.Percentiles,
	}
	if err := json.Unmarshal([]byte(one.States), &metric.States); err != nil {
		return metric, err
	}
	return metric, metric.checkTexts()
}

// describes says that the metric has something for the file.
func (m Metric) describes() bool {
	return m.Help != "" || m.Unit != "" || len(m.States) > 0 || m.NoPercentiles
}

// metadata is the metric as the file has it.
func (m Metric) metadata() (repo.MetricMetadata, error) {
	states, err := m.States.canonical()
	return repo.MetricMetadata{
		MetricName: m.Name, Help: m.Help, Unit: m.Unit, States: states,
		Percentiles: !m.NoPercentiles,
	}, err
}

// checkTexts demands what terminals and expositions can show.
func (m Metric) checkTexts() error {
	help := strings.ReplaceAll(m.Help, "\n", " ")
	if err := checkText("help of metric "+m.Name, help, maxHelpBytes); err != nil {
		return err
	}
	if err := checkText("unit of metric "+m.Name, m.Unit, maxUnitBytes); err != nil {
		return err
	}
	if len(m.States) > maxStateNames {
		return fmt.Errorf("%w: metric %s names %d states: want %d at most",
			ErrName, m.Name, len(m.States), maxStateNames)
	}
	for _, value := range slices.SortedFunc(maps.Keys(m.States), cmp.Compare) {
		if err := m.checkState(value, m.States[value]); err != nil {
			return err
		}
	}
	return nil
}

func (m Metric) checkState(value float64, name string) error {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return fmt.Errorf("%w: metric %s names the state %v: want a finite number",
			ErrName, m.Name, value)
	}
	if name == "" {
		return fmt.Errorf("%w: metric %s: the name of state %v is empty", ErrName, m.Name, value)
	}
	what := fmt.Sprintf("metric %s: the name of state %v", m.Name, value)
	return checkText(what, name, maxStateBytes)
}
