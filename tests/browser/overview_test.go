package browser

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// twelve are WANs whose order by name and by number differ, each with an outage of ten minutes.
func twelve() []recorded {
	var list []recorded
	for i := range 12 {
		wan := fmt.Sprintf("wan%d", 12-i)
		list = append(list,
			recorded{service.RTT, wan, nil, 20, time.Hour, 30 * time.Minute},
			recorded{service.RTT, wan, nil, 30, 20 * time.Minute, 0},
			recorded{service.RateDownload, wan, nil, 450, time.Hour, 0},
			recorded{service.RateUpload, wan, nil, 30, time.Hour, 0},
			recorded{service.State, wan, nil, 0, time.Hour, 30 * time.Minute},
			recorded{service.State, wan, nil, 3, 30 * time.Minute, 20 * time.Minute},
			recorded{service.State, wan, nil, 0, 20 * time.Minute, 15 * time.Minute},
			recorded{service.State, wan, nil, 2, 15 * time.Minute, 0})
	}
	return append(list, recorded{service.LossRatio, "wan2", nil, 0.25, time.Hour, 0})
}

// texts reads the text of each element.
func texts(t *testing.T, tab *tab, selector string) []string {
	t.Helper()
	return value[[]string](t, tab,
		`[...document.querySelectorAll(`+quote(selector)+`)].map((node) => node.textContent)`)
}

// The overview has a row for each WAN, in their natural order, on one screen. The first cards are
// open, and the others when they are asked for.
func TestTwelve(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t, twelve()...)
	for _, screen := range allScreens {
		t.Run(screen.name, func(t *testing.T) {
			tab.openOn(t, screen, fixed(s, s.end.Add(-time.Hour), s.end))
			var want []string
			for i := range 12 {
				want = append(want, fmt.Sprintf("wan%d", i+1))
			}
			if diff := cmp.Diff(want, texts(t, tab, "#rows th button")); diff != "" {
				t.Error(diff)
			}
			height := value[float64](t, tab,
				`document.getElementById("overview").getBoundingClientRect().height`)
			if height > float64(screen.height) {
				t.Errorf("the overview is %.0f high on a screen of %d", height, screen.height)
			}
			const open = `[...wanstore.cards.values()].filter((card) =>
				card.charts.length > 0 && card.node.offsetHeight > 0).map((card) => card.wan)`
			if diff := cmp.Diff(want[:3], value[[]string](t, tab, open)); diff != "" {
				t.Error(diff)
			}
			row := `#rows tr:nth-child(11) th button`
			tab.do(t, chromedp.Focus(row))
			tab.press(t, "\r")
			tab.until(t, open+`.includes("wan11") && document.activeElement.textContent === "wan11"`)
			tab.do(t, chromedp.Click(`[aria-label="Close wan11"]`))
			tab.until(t, `!`+open+`.includes("wan11") &&
				document.querySelector(`+quote(row)+`).getAttribute("aria-expanded") === "false"`)
		})
	}
}

// The figures of the overview are those of the range; its small pictures have gaps where the charts
// have.
func TestOverviewFigures(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t, twelve()...)
	from := s.end.Add(-time.Hour)
	tab.open(t, fixed(s, from, s.end))
	tab.settled(t)
	history, err := service.OpenHistory(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	list, err := history.Summarize(t.Context(), service.Query{From: from, Until: s.end,
		Filter: service.Filter{Metrics: []string{service.RTT}, WAN: "wan2"}, Quantiles: true})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d summaries: %v", len(list), err)
	}
	p95, _ := list[0].Quantile(0.95)
	want := []string{fmt.Sprintf("%.2f ms", list[0].Avg), fmt.Sprintf("%.2f ms", p95), "25.00 %",
		"450.0", "30.00", "58.33 %", "1"}
	if diff := cmp.Diff(want, texts(t, tab, "#rows tr:nth-child(2) td")); diff != "" {
		t.Error(diff)
	}
	without := texts(t, tab, "#rows tr:nth-child(1) td.loss")
	if !slices.Equal(without, []string{"–"}) {
		t.Errorf("a WAN without loss has %q", without)
	}
	lines := value[string](t, tab,
		`document.querySelector("#rows tr:nth-child(2) .spark.rtt path").getAttribute("d")`)
	begins := value[int](t, tab, quote(lines)+`.split("M").length - 1`)
	if begins != 2 {
		t.Errorf("%d lines with an outage between, want 2: %s", begins, lines)
	}
	states := value[[]string](t, tab,
		`[...document.querySelectorAll("#rows tr:nth-child(2) .spark.green rect")]
			.map((bar) => bar.dataset.state)`)
	if !slices.Equal(states, []string{"0", "3", "0", "2"}) {
		t.Errorf("the states are %v", states)
	}
}

// With one WAN there is a row and a card; with none there is neither.
func TestOneAndNone(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	for _, screen := range allScreens {
		t.Run("none, "+screen.name, func(t *testing.T) {
			tab.openOn(t, screen, s.url)
			tab.until(t, `document.getElementById("notice").textContent.includes("No samples yet")`)
			tab.until(t, `document.getElementById("overview").hidden && wanstore.cards.size === 0`)
		})
	}
	s.record(t, recorded{service.RTT, "one", nil, 20, time.Hour, 0})
	for _, screen := range allScreens {
		t.Run("one, "+screen.name, func(t *testing.T) {
			tab.openOn(t, screen, fixed(s, s.end.Add(-time.Hour), s.end))
			if got := texts(t, tab, "#rows th button"); !slices.Equal(got, []string{"one"}) {
				t.Errorf("rows of %v", got)
			}
			// what no WAN has is no column
			if loss := value[bool](t, tab,
				`document.querySelector("#rows .loss").offsetHeight > 0`); loss {
				t.Error("there is a column of losses without any")
			}
			tab.until(t, `wanstore.cards.get("one").charts.length === 1`)
		})
	}
}

// What the columns are is said beside the numbers where there is no row of titles.
func TestPhoneRow(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t, twelve()...)
	tab.openOn(t, phone, fixed(s, s.end.Add(-time.Hour), s.end))
	titles := value[[]string](t, tab, `[...document.querySelectorAll("#rows tr:nth-child(2) td")]
		.map((cell) => getComputedStyle(cell, "::before").content.replaceAll('"', "").trim())`)
	want := []string{"none", "p95", "loss", "↓", "↑", "GREEN", "outages"}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Error(diff)
	}
}

// Losses have a chart where they are recorded, below the round-trip times.
func TestLossChart(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t, twelve()...)
	tab.open(t, fixed(s, s.end.Add(-time.Hour), s.end))
	tab.settled(t)
	const names = `[...wanstore.cards.values()].slice(0, 2)
		.map((card) => card.charts.map((chart) => chart.figure.name).join(" "))`
	want := []string{"rtt rates states", "rtt loss rates states"}
	if diff := cmp.Diff(want, value[[]string](t, tab, names)); diff != "" {
		t.Error(diff)
	}
	const chart = `wanstore.cards.get("wan2").charts[1]`
	top := value[float64](t, tab, chart+`.plot.scales.y.max`)
	if top < 0.25 || top > 0.3 {
		t.Errorf("the axis ends at %v", top)
	}
	if got := value[string](t, tab, chart+`.items[0].value.textContent`); got != "25.00 %" {
		t.Errorf("the legend says %q", got)
	}
}
