package push

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// point is a value at a moment in Unix milliseconds.
type point struct {
	ms    int64
	value float64
}

// stored returns what a receiver has of a selector up to a moment, as a query shows it: the points
// of each series, in the order of time, by the text of its labels.
func (r *receiver) stored(selector string, back time.Duration, at time.Time) map[string][]point {
	r.t.Helper()
	r.settle()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	body := r.ask("/api/v1/query", url.Values{
		"query": {fmt.Sprintf("%s[%ds]", selector, int(back.Seconds()))},
		"time":  {fmt.Sprintf("%.3f", float64(at.UnixMilli())/1000)}, "nocache": {"1"},
	})
	if err := json.Unmarshal(body, &answer); err != nil {
		r.t.Fatalf("%v: %.500s", err, body)
	}
	found := map[string][]point{}
	for _, series := range answer.Data.Result {
		key := labelText(series.Metric)
		for _, pair := range series.Values {
			seconds, _ := pair[0].(float64)
			text, _ := pair[1].(string)
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				r.t.Fatalf("%s: %v", key, pair)
			}
			found[key] = append(found[key], point{int64(seconds*1000 + 0.5), value})
		}
	}
	return found
}

// settle makes visible what the receiver has taken.
func (r *receiver) settle() {
	r.t.Helper()
	if r.flush != "" {
		r.ask(r.flush, nil)
	}
}

// labelText names a series as Prometheus writes it.
func labelText(labels map[string]string) string {
	var text strings.Builder
	text.WriteString(labels["__name__"])
	text.WriteByte('{')
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "__name__" {
			fmt.Fprintf(&text, "%s=%q,", name, labels[name])
		}
	}
	text.WriteByte('}')
	return text.String()
}
