package property

import (
	"encoding/json"
	"fmt"

	"github.com/wanstore/wanstore/service"
)

// series is one that samples are recorded of.
type series struct {
	metric, wan string
	labels      service.Labels
	mode        bool
}

// world has both aggregations, a metric of several series, and one that nobody has declared.
var world = []series{
	{metric: service.RTT, wan: "spectrum"},
	{metric: service.RTT, wan: "spectrum", labels: service.Labels{"target": "1.1.1.1", "family": "4"}},
	{metric: service.State, wan: "spectrum", mode: true},
	{metric: service.State, wan: "att", mode: true},
	{metric: "load_average", wan: "att"}, // undeclared
}

func (s series) aggregation() service.Aggregation {
	if s.mode {
		return service.Mode
	}
	return service.Average
}

// shown is how a point shows the labels.
func (s series) shown() service.Labels {
	if s.labels == nil {
		return service.Labels{}
	}
	return s.labels
}

// stored is how the file has the labels.
func (s series) stored() string {
	if len(s.labels) == 0 {
		return "{}"
	}
	return `{"family":"4","target":"1.1.1.1"}`
}

func (s series) String() string {
	labels, err := json.Marshal(s.shown())
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%s %s %s", s.metric, s.wan, labels)
}
