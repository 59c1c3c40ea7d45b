package promql

import (
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/wanstore/wanstore/service"
)

// metricName is the label that has the name of the metric.
const metricName = "__name__"

// onlyWAN is that of all series of upstream's tests.
const onlyWAN = "judge"

// escaped begins a name that stands for one which a history refuses, with its bytes in hexadecimal
// digits behind it: of any characters, reserved, or empty.
const escaped = "judge_"

var taken = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

func storedName(name string) string {
	if taken.MatchString(name) && !strings.HasPrefix(name, "__") && name != "wan" {
		return name
	}
	return escaped + hex.EncodeToString([]byte(name))
}

func readName(name string) string {
	digits, ok := strings.CutPrefix(name, escaped)
	if !ok {
		return name
	}
	read, err := hex.DecodeString(digits)
	if err != nil {
		return name
	}
	return string(read)
}

// names are those of a storage.
type names struct{ odd bool } // a metric's is escaped

// stored returns what a file calls the series.
func (n *names) stored(ls labels.Labels) (metric string, others service.Labels) {
	others = service.Labels{}
	metric = storedName(ls.Get(metricName))
	n.odd = n.odd || metric != ls.Get(metricName)
	ls.Range(func(l labels.Label) {
		if l.Name != metricName {
			others[storedName(l.Name)] = l.Value
		}
	})
	return metric, others
}

// read returns the labels of a series of the file as upstream's tests know them.
func read(ls labels.Labels) labels.Labels {
	builder := labels.NewScratchBuilder(ls.Len())
	ls.Range(func(l labels.Label) {
		switch l.Name {
		case metricName:
			if metric := readName(l.Value); metric != "" {
				builder.Add(l.Name, metric)
			}
		case "wan":
		default:
			builder.Add(readName(l.Name), l.Value)
		}
	})
	builder.Sort()
	return builder.Labels()
}

// matchers returns those that a file understands, and those that can be applied to what is read
// only: patterns of escaped names.
func (n *names) matchers(wanted []*labels.Matcher) (stored, rest []*labels.Matcher) {
	for _, m := range wanted {
		exact := m.Type == labels.MatchEqual || m.Type == labels.MatchNotEqual
		switch {
		case m.Name == tag:
			stored = append(stored, m)
		case m.Name != metricName:
			stored = append(stored, labels.MustNewMatcher(m.Type, storedName(m.Name), m.Value))
		case exact:
			stored = append(stored, labels.MustNewMatcher(m.Type, m.Name, storedName(m.Value)))
		case n.odd:
			rest = append(rest, m)
		default:
			stored = append(stored, m)
		}
	}
	return stored, rest
}
