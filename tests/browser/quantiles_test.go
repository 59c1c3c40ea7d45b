package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// asShown is a number from 0.1 to 1000 as the page writes it.
func asShown(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// The legend has the percentiles of the point under the cursor.
func TestPercentilesAtCursor(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, 3*time.Hour, api.Options{})
	from, until := s.end.Add(-3*time.Hour), s.end
	tab.open(t, fixed(s, from, until))
	tab.settled(t)
	const chart = `wanstore.cards.get("cable").charts[0]`
	points := s.points(t, from, until, time.Minute)["cable "+service.RTT]
	point := points[len(points)/2]
	value[any](t, tab, fmt.Sprintf(
		`%s.plot.setCursor({ left: %[1]s.plot.valToPos(%f, "x"), top: 10 }), null`, chart, point[0]))
	want := fmt.Sprintf("%s ms, p95 %s, p99 %s",
		asShown(point[1]), asShown(point[4]), asShown(point[5]))
	got := value[string](t, tab, chart+`.items[0].value.textContent`)
	if !strings.HasPrefix(got, want) {
		t.Errorf("the legend says %q, want %q", got, want)
	}
}

// Without percentiles the line is the mean, with a band from the least to the greatest.
func TestWithoutPercentiles(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.declare(t, service.Metric{Name: service.RTT, Aggregation: service.Average, Unit: "ms",
		NoPercentiles: true})
	s.record(t, recorded{service.RTT, "plain", nil, 20, 3 * time.Hour, 0})
	tab.open(t, fixed(s, s.end.Add(-3*time.Hour), s.end.Add(-time.Hour)))
	tab.settled(t)
	const chart = `wanstore.cards.get("plain").charts[0]`
	same := value[bool](t, tab, chart+`.list[0].v.every((mean, i) =>
		`+chart+`.list[0].mid[i] === mean) && `+chart+`.list[0].v.length > 60`)
	drawn := value[[]int](t, tab, chart+`.plot.data.map((column) =>
		column.filter((v) => v != null).length > 60 ? 1 : 0)`)
	if !same || fmt.Sprint(drawn) != "[1 1 1 1 0 0]" {
		t.Errorf("the line is the mean: %t; columns with values: %v", same, drawn)
	}
	got := value[string](t, tab, chart+`.items[0].value.textContent`)
	if strings.Contains(got, "p95") {
		t.Errorf("the legend says %q", got)
	}
}
