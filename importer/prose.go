package importer

import (
	"strings"

	"github.com/wanstore/wanstore/service"
)

// zoneMetric is a metric whose label zone says in words what its value says.
const zoneMetric = "wanctl_wan_zone"

// manyWords is from how many words on a text is taken for prose.
const manyWords = 3

// withoutProse returns the labels that tell series of a metric apart, and whether that leaves any
// out. A text that says what happened is another one with each event, and would make a series of
// each.
func withoutProse(metric string, labels service.Labels) (kept service.Labels, dropped bool) {
	kept = make(service.Labels, len(labels))
	for name, value := range labels {
		if isProse(metric, name, value) {
			dropped = true
			continue
		}
		kept[name] = value
	}
	return kept, dropped
}

func isProse(metric, name, value string) bool {
	switch name {
	case "direction", "source", "tin": // by these wanctl itself tells series apart
		return false
	case "reason":
		return true
	case "zone":
		return metric == zoneMetric
	default:
		return len(strings.Fields(value)) >= manyWords
	}
}
