package browser

import (
	"encoding/csv"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// declare tells the file what metrics are, as a program does that records them.
func (s *store) declare(t *testing.T, metrics ...service.Metric) {
	t.Helper()
	writer, err := service.OpenWriter(t.Context(),
		service.Config{DBPath: s.path, RetentionDays: 365},
		service.Options{Logger: slog.New(slog.DiscardHandler), Metrics: metrics, NoMaintenance: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Each metric that is not wanctl's has a chart, with what the file says about it, below its unit.
func TestOthers(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.declare(t,
		service.Metric{Name: "modem_snr_db", Aggregation: service.Average,
			Help: "How clear the signal is.", Unit: "dB"},
		service.Metric{Name: "modem_online", Aggregation: service.Mode,
			States: service.StateNames{0: "away", 1: "online"}})
	second := service.Labels{"channel": "2"}
	s.record(t,
		recorded{"modem_snr_db", "cable", second, 33, time.Hour, 40 * time.Minute},
		recorded{"modem_snr_db", "cable", second, 35, 20 * time.Minute, 0},
		recorded{"modem_online", "cable", nil, 1, time.Hour, 0},
		recorded{"load_average", "router", nil, -1.5, time.Hour, 0})
	for _, screen := range screens {
		t.Run(screen.name, func(t *testing.T) {
			tab.openOn(t, screen, fixed(s, s.end.Add(-time.Hour), s.end))
			want := []string{"Other metrics without a unit", "load_average", "modem_online",
				"Other metrics in dB", "modem_snr_db"}
			if diff := cmp.Diff(want, texts(t, tab, "#others h2, #others h3")); diff != "" {
				t.Error(diff)
			}
			if cards := value[int](t, tab, `wanstore.cards.size`); cards != 0 {
				t.Errorf("%d cards", cards)
			}
			if got := tab.text(t, "#others > section:last-child .help"); got != "How clear the signal is." {
				t.Errorf("the help is %q", got)
			}
			legends := texts(t, tab, "#others .legend li")
			if !slices.Equal(legends, []string{"router -1.50", "cable online",
				"cable channel=2 35.00 dB"}) {
				t.Errorf("the legends are %q", legends)
			}
			const drawn = `wanstore.panels.get("modem_snr_db").charts[0].plot.data`
			gap := value[int](t, tab, fmt.Sprintf(`%s[1].filter((v, i) =>
				%[1]s[0][i] > %d && %[1]s[0][i] < %d && v !== null).length`, drawn,
				s.end.Add(-40*time.Minute+margin).Unix(), s.end.Add(-20*time.Minute-margin).Unix()))
			if gap != 0 {
				t.Errorf("%d values are drawn where nothing was measured", gap)
			}
			values := value[[]float64](t, tab, `[...new Set(`+drawn+`[1].filter((v) => v != null))]`)
			if !slices.Equal(values, []float64{33, 35}) {
				t.Errorf("drawn are %v", values)
			}
		})
	}
}

// many are 200 series of one metric, and as many metrics as are not all open at first.
func many() []recorded {
	var list []recorded
	for i := range 200 {
		labels := service.Labels{"channel": strconv.Itoa(i)}
		list = append(list, recorded{"modem_snr_db", "cable", labels, float64(i), 5 * time.Minute, 0})
	}
	for i := range 5 {
		list = append(list, recorded{fmt.Sprintf("a%d", i), "router", nil, 1, 5 * time.Minute, 0})
	}
	return list
}

// A chart of 200 series has a short legend, which can be unfolded and filtered, and which switches
// series.
func TestManySeries(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t, many()...)
	for _, screen := range allScreens {
		t.Run(screen.name, func(t *testing.T) {
			tab.openOn(t, screen, fixed(s, s.end.Add(-10*time.Minute), s.end))
			const panel = `wanstore.panels.get("modem_snr_db")`
			if open := value[int](t, tab, panel+`.charts.length`); open != 0 {
				t.Error("the sixth metric is open at first")
			}
			const title = `#others .panel:last-child h3 button`
			tab.do(t, chromedp.Focus(title))
			tab.press(t, "\r")
			tab.until(t, panel+`.charts[0]?.list.length === 200`)
			const shown = panel + `.charts[0].plot.series.slice(1).filter((one) => one.show).length`
			const listed = panel + `.charts[0].items.filter((one) => one.node.offsetHeight > 0).length`
			const more = `#others .panel:last-child .more`
			tab.until(t, shown+` === 200 && `+listed+` === 8`)
			if got := tab.text(t, more); got != "192 more" {
				t.Errorf("the legend says %q", got)
			}
			tab.do(t, chromedp.Click(more))
			tab.until(t, listed+` === 200`)
			tab.do(t, chromedp.SendKeys(`#others .panel:last-child input`, "channel=19"))
			tab.until(t, shown+` === 11 && `+listed+` === 11`) // 19, and 190 to 199
			tab.do(t, chromedp.Click(`#others .panel:last-child .legend li:not([hidden]) button`))
			tab.until(t, shown+` === 10 && `+listed+` === 11`)
			tab.savesShown(t, 10)
			top := value[[2]float64](t, tab,
				`(({ min, max }) => [min, max])(`+panel+`.charts[0].plot.scales.y)`)
			if top[0] < 150 {
				t.Errorf("the axis begins at %v while all that is shown is at 190 and more", top[0])
			}
			tab.do(t, chromedp.Click(`#others .panel:last-child .legend li:not([hidden]) button`))
			tab.do(t, chromedp.Click(title))
			tab.until(t, panel+`.charts.length === 0`)
			tab.fits(t, screen)
		})
	}
}

// savesShown wants the CSV of a chart to have the series that it shows.
func (tab *tab) savesShown(t *testing.T, want int) {
	t.Helper()
	value[any](t, tab, keepFiles)
	tab.do(t, chromedp.Click(`#others .panel:last-child .save a`))
	tab.until(t, `Boolean(files[0]?.text)`)
	rows, err := csv.NewReader(strings.NewReader(value[string](t, tab, `files[0].text`))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	saved := map[string]bool{}
	for _, row := range rows[1:] {
		saved[row[4]] = true
	}
	if len(saved) != want || rows[0][4] != "labels" {
		t.Errorf("the CSV has %d series below %s, want the %d that are shown", len(saved), rows[0], want)
	}
}
