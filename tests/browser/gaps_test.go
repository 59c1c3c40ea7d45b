package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// screen is what the page is looked at on.
type screen struct {
	name          string
	width, height int64
	theme         string
	options       []chromedp.EmulateViewportOption
}

var (
	desktop = screen{"desktop light", 1280, 900, "light", nil}
	phone   = screen{"phone dark", 390, 844, "dark", []chromedp.EmulateViewportOption{
		chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2),
	}}
	// screens are enough for what neither the width nor the theme makes another thing.
	screens = []screen{desktop, phone}
	// allScreens are both widths in both themes.
	allScreens = []screen{desktop, desktop.in("dark"), phone.in("light"), phone}
)

// in is the same screen with another theme.
func (s screen) in(theme string) screen {
	kind, _, _ := strings.Cut(s.name, " ")
	s.name, s.theme = kind+" "+theme, theme
	return s
}

// openOn opens an address on a screen, and waits until it has loaded what it shows.
func (tab *tab) openOn(t *testing.T, screen screen, url string) {
	t.Helper()
	tab.do(t, chromedp.EmulateViewport(screen.width, screen.height, screen.options...))
	tab.open(t, url)
	value[any](t, tab, `localStorage.setItem("wanstore.theme", `+quote(screen.theme)+`)`)
	tab.open(t, url)
	tab.settled(t)
	tab.fits(t, screen)
}

// fits wants the page as wide as the screen, and in its colours: what is written stands out from
// what is behind it.
func (tab *tab) fits(t *testing.T, screen screen) {
	t.Helper()
	got := value[[3]int64](t, tab, `[document.documentElement.scrollWidth,
		...["color", "backgroundColor"].map((name) =>
			Number(getComputedStyle(document.body)[name].match(/\d+/)[0]))]`)
	dark := got[1] > 180 && got[2] < 60
	light := got[1] < 60 && got[2] > 180
	if got[0] > screen.width || dark != (screen.theme == "dark") || light == dark {
		t.Errorf("the page is %d wide on a screen of %d, its text %d on %d in a %s theme",
			got[0], screen.width, got[1], got[2], screen.theme)
	}
}

// outage is a WAN that goes on recording while its round-trip time is missing for 20 minutes.
func outage() []recorded {
	const begin, end = 45 * time.Minute, 25 * time.Minute
	return []recorded{
		{service.RTT, "outage", nil, 23, 90 * time.Minute, begin},
		{service.RTT, "outage", nil, 24, end, 0},
		{service.RTTBaseline, "outage", nil, 20, 90 * time.Minute, 0},
		{service.RateDownload, "outage", nil, 450, 90 * time.Minute, 0},
		{service.State, "outage", nil, 0, 90 * time.Minute, 0},
	}
}

// While a series was not measured it has no line, no band and no bar, whatever others did.
func TestOutage(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t, outage()...)
	from, until := s.end.Add(-45*time.Minute), s.end.Add(-25*time.Minute)
	for _, long := range []time.Duration{time.Hour, 80 * time.Minute} {
		for _, screen := range screens {
			t.Run(screen.name, func(t *testing.T) {
				tab.openOn(t, screen, fixed(s, s.end.Add(-long), s.end))
				paintPlain(t, tab)
				for column := range 5 { // median, least, greatest, p95, p99
					if got := drawnIn(t, tab, "outage", 0, column+1, from, until); got != 0 {
						t.Errorf("column %d has %d values in the outage", column, got)
					}
				}
				if got := drawnIn(t, tab, "outage", 0, 6, from, until); got < 10 {
					t.Errorf("the baseline has %d values in the outage", got)
				}
				if got := inkIn(t, tab, "outage", 0, from, until); got.Red != 0 || got.Green == 0 {
					t.Errorf("drawn in the outage: %+v, want nothing red and the baseline in green", got)
				}
				if got := inkIn(t, tab, "outage", 0, until, s.end); got.Red == 0 {
					t.Error("nothing is drawn behind the outage")
				}
			})
		}
	}
}

// Where a label flips, each of the two series has its own stretches and nothing in between.
func TestFlips(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	lte, nr := service.Labels{"tech": "LTE"}, service.Labels{"tech": "5G"}
	var list []recorded
	for i, labels := range []service.Labels{lte, nr, lte, nr, lte} {
		begin := time.Duration(50-10*i) * time.Minute
		end := begin - 10*time.Minute
		list = append(list, recorded{service.RTT, "flips", labels, 30, begin, end},
			recorded{service.State, "flips", labels, 3, begin, end})
	}
	s.record(t, list...)
	for _, screen := range screens {
		t.Run(screen.name, func(t *testing.T) {
			tab.openOn(t, screen, fixed(s, s.end.Add(-50*time.Minute), s.end))
			paintPlain(t, tab)
			for i := range 5 {
				begin := s.end.Add(-time.Duration(50-10*i) * time.Minute)
				got := inkIn(t, tab, "flips", 0, begin, begin.Add(10*time.Minute))
				one, other := got.Red, got.Green // 5G is the first in the order of the keys
				if i%2 == 1 {
					one, other = other, one
				}
				if one == 0 || other != 0 {
					t.Errorf("stretch %d: %+v, want one series alone", i, got)
				}
				// of the two rows of states, which are red, one is empty
				bars := inkIn(t, tab, "flips", 1, begin, begin.Add(10*time.Minute))
				rows := value[[]bool](t, tab, rowsWithBars(begin, begin.Add(10*time.Minute)))
				if bars.Red == 0 || rows[0] == rows[1] || rows[0] != (i%2 == 1) {
					t.Errorf("stretch %d: bars %+v in rows %v", i, bars, rows)
				}
			}
		})
	}
}

// A line that is there for half a minute in ten has been away for the rest, each time: that it
// comes at a steady pace makes no line between.
func TestIslands(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	list := []recorded{{service.RTTBaseline, "islands", nil, 20, time.Hour, 0}}
	var begins []time.Duration // each in one point
	first := s.end.Truncate(time.Minute).Add(-55 * time.Minute)
	for at := first; at.Before(s.end); at = at.Add(10 * time.Minute) {
		begin := s.end.Sub(at)
		begins = append(begins, begin)
		list = append(list, recorded{service.RTT, "islands", nil, 23, begin, begin - 30*time.Second})
	}
	s.record(t, list...)
	tab.openOn(t, screens[0], fixed(s, s.end.Add(-time.Hour), s.end))
	paintPlain(t, tab)
	for i, begin := range begins[1:] {
		from, until := s.end.Add(-begins[i]), s.end.Add(-begin)
		if got := inkIn(t, tab, "islands", 0, from, until); got.Red != 0 {
			t.Errorf("%s before the end: %+v, want nothing of the round-trip time", begin, got)
		}
		if got := inkIn(t, tab, "islands", 0, until.Add(-2*margin), until.Add(2*margin)); got.Red == 0 {
			t.Errorf("%s before the end: nothing is drawn where it was measured", begin)
		}
	}
}

// Behind the last sample of a WAN that falls silent there is nothing, while another goes on.
func TestSilent(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	var list []recorded
	for _, metric := range shown {
		list = append(list, recorded{metric, "silent", nil, 3, time.Hour, 25 * time.Minute},
			recorded{metric, "steady", nil, 3, time.Hour, 0})
	}
	s.record(t, list...)
	for _, screen := range screens {
		t.Run(screen.name, func(t *testing.T) {
			tab.openOn(t, screen, fixed(s, s.end.Add(-50*time.Minute), s.end))
			paintPlain(t, tab)
			until := s.end.Add(-25 * time.Minute)
			for chart := range 3 {
				if got := inkIn(t, tab, "silent", chart, until, s.end); got != (ink{}) {
					t.Errorf("chart %d: %+v is drawn after the last sample", chart, got)
				}
				before := inkIn(t, tab, "silent", chart, until.Add(-20*time.Minute), until)
				if before == (ink{}) {
					t.Errorf("chart %d: nothing is drawn before the last sample", chart)
				}
				if got := inkIn(t, tab, "steady", chart, until, s.end); got == (ink{}) {
					t.Errorf("chart %d: nothing is drawn of the WAN that goes on", chart)
				}
			}
		})
	}
}

// A bar ends with the newest sample, and not with the hour that it stands for.
func TestLastBar(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t,
		recorded{service.State, "silent", nil, 3, 40 * 24 * time.Hour, 40*24*time.Hour - time.Hour},
		recorded{service.State, "silent", nil, 3, 10 * time.Hour, 5 * time.Hour})
	for _, screen := range screens {
		t.Run(screen.name, func(t *testing.T) {
			tab.openOn(t, screen, fixed(s, s.end.Add(-30*24*time.Hour), s.end))
			ends := value[[]float64](t, tab, `wanstore.cards.get("silent").charts[0].ends[0]`)
			newest := float64(s.end.Add(-5 * time.Hour).Unix())
			if got := ends[len(ends)-1]; got < newest-10 || got > newest+60 {
				t.Errorf("the last bar ends %.0f s after the newest sample", got-newest)
			}
		})
	}
}

// paintPlain draws in colours that can be told apart: red the first series of each chart, green the
// others, and everything else without a hue.
func paintPlain(t *testing.T, tab *tab) {
	t.Helper()
	value[any](t, tab, `(() => {
		const style = document.documentElement.style;
		const paint = (colour, ...names) =>
			names.forEach((name) => style.setProperty("--" + name, colour));
		paint("#f00", "rtt", "c1", "rate-download", "state-3");
		paint("#0f0", "rtt-baseline", "c0", "rate-upload", "state-0");
		paint("#888", "grid", "track", "quiet", "line", "card");
		for (const _ of ["there", "back"]) document.querySelector("[data-do=utc]").click();
	})()`)
}

// ink is how many pixels of each hue were drawn.
type ink struct{ Red, Green, Blue int }

// margin is what may be drawn at the ends of a stretch: the point that begins there.
const margin = 70 * time.Second

// inkIn looks at the pixels that a chart has drawn in a stretch of time.
func inkIn(t *testing.T, tab *tab, wan string, chart int, from, until time.Time) ink {
	t.Helper()
	return value[ink](t, tab, fmt.Sprintf(`(() => {
		const u = wanstore.cards.get(%q).charts[%d].plot;
		const x = (at) => Math.round(u.valToPos(at, "x", true));
		const [from, until] = [x(%d), x(%d)];
		const copy = new OffscreenCanvas(until - from, u.bbox.height)
			.getContext("2d", { willReadFrequently: true });
		copy.drawImage(u.ctx.canvas, -from, -u.bbox.top);
		const { data } = copy.getImageData(0, 0, until - from, u.bbox.height);
		const ink = { Red: 0, Green: 0, Blue: 0 };
		for (let i = 0; i < data.length; i += 4) {
			const [r, g, b] = data.subarray(i, i + 3);
			if (r > Math.max(g, b) + 8) ink.Red++;
			if (g > Math.max(r, b) + 8) ink.Green++;
			if (b > Math.max(r, g) + 8) ink.Blue++;
		}
		return ink;
	})()`, wan, chart, from.Add(margin).Unix(), until.Add(-margin).Unix()))
}

// drawnIn counts the values that a column of a chart has in a stretch of time. What is undefined
// counts, because a line leads through it.
func drawnIn(t *testing.T, tab *tab, wan string, chart, column int, from, until time.Time) int {
	t.Helper()
	return value[int](t, tab, fmt.Sprintf(`(() => {
		const { data } = wanstore.cards.get(%q).charts[%d].plot;
		return data[%d].filter((v, i) => data[0][i] > %d && data[0][i] < %d && v !== null).length;
	})()`, wan, chart, column, from.Add(margin).Unix(), until.Add(-margin).Unix()))
}

// rowsWithBars says which of two rows of the ribbon have a bar in a stretch of time.
func rowsWithBars(from, until time.Time) string {
	return fmt.Sprintf(`(() => {
		const u = wanstore.cards.get("flips").charts[1].plot;
		const x = Math.round((u.valToPos(%d, "x", true) + u.valToPos(%d, "x", true)) / 2);
		const copy = new OffscreenCanvas(1, u.bbox.height).getContext("2d", { willReadFrequently: true });
		copy.drawImage(u.ctx.canvas, -x, -u.bbox.top);
		return [0.25, 0.75].map((part) => {
			const [r, g] = copy.getImageData(0, Math.round(u.bbox.height * part), 1, 1).data;
			return r > g + 8;
		});
	})()`, from.Unix(), until.Unix())
}
