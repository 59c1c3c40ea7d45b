package browser

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// ahead is until when a WAN records that goes on during a test, which may be slow.
const ahead = -50 * time.Second

func badge(wan string) string { return `wanstore.cards.get(` + quote(wan) + `).state` }

// What is now comes from the newest samples, whatever range is looked at.
func TestNow(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t,
		recorded{service.RTT, "silent", nil, 20, 2 * time.Hour, 25 * time.Minute},
		recorded{service.State, "silent", nil, 0, 2 * time.Hour, 25 * time.Minute},
		// its state was red for longer than it is yellow: the last bucket would say so
		recorded{service.RTT, "steady", nil, 20, 2 * time.Hour, ahead},
		recorded{service.State, "steady", nil, 3, 2 * time.Hour, 0},
		recorded{service.State, "steady", nil, 1, 0, ahead},
	)
	for _, address := range []string{"", "/#range=5m", "/#range=1h", "/#range=365d"} {
		tab.open(t, s.url+address)
		tab.settled(t)
		tab.until(t, `/^no data for 2[56] min$/.test(`+badge("silent")+`.textContent)`)
		tab.until(t,
			badge("steady")+`.textContent === "YELLOW" && `+badge("steady")+`.dataset.state === "1"`)
		if state := value[string](t, tab, badge("silent")+`.dataset.state`); state != "" {
			t.Errorf("%s: the silent WAN has the state %s", address, state)
		}
		got := value[string](t, tab, `wanstore.cards.get("steady").when.textContent`)
		if !strings.HasSuffix(got, " s ago") {
			t.Errorf("%s: the newest sample is %q old", address, got)
		}
		tab.until(t, `wanstore.cards.get("steady").charts[0].items[0].value.textContent.endsWith(" ms")`)
	}
	tab.until(t, `/^no data for 2[56] min$/.test(
		wanstore.cards.get("silent").charts[0].items[0].value.textContent)`)

	// The past is not now.
	tab.open(t, fixed(s, s.end.Add(-2*time.Hour), s.end.Add(-time.Hour)))
	tab.settled(t)
	tab.until(t, `/^no data for 2[56] min$/.test(`+badge("silent")+`.textContent)`)
	tab.until(t, badge("steady")+`.textContent === "now YELLOW"`)
	tab.until(t, `wanstore.cards.get("silent").charts[0].items[0].value.textContent.includes(" ms")`)
	tab.open(t, fixed(s, s.end.Add(-20*time.Hour), s.end.Add(-10*time.Hour)))
	tab.until(t, `wanstore.cards.size === 2 &&
		document.getElementById("notice").textContent.includes("newest is of")`)
}

// Of several states the worst of those that are reported now counts, and says which it is.
func TestWorstState(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t,
		recorded{service.State, "two", service.Labels{"path": "a"}, 0, time.Hour, ahead},
		recorded{service.State, "two", service.Labels{"path": "b"}, 2, time.Hour, ahead},
		recorded{service.State, "two", service.Labels{"path": "gone"}, 3, time.Hour, 30 * time.Minute},
		recorded{service.RTT, "stateless", nil, 20, time.Hour, ahead},
		recorded{service.State, "stateless", nil, 0, time.Hour, 30 * time.Minute},
	)
	tab.open(t, s.url)
	tab.settled(t)
	tab.until(t, badge("two")+`.textContent === "SOFT_RED path=b"`)
	tab.until(t, `/^no state for 3[01] min$/.test(`+badge("stateless")+`.textContent)`)
}

// Following is green only while the file can be read.
func TestLamp(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{})
	const lamp = `getComputedStyle(document.querySelector("[data-do=live] .dot")).backgroundColor`
	tab.open(t, s.url)
	tab.settled(t)
	tab.until(t, lamp+` !== "rgba(0, 0, 0, 0)"`)
	if err := s.writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	away := s.path + ".away"
	if err := os.Rename(s.path, away); err != nil {
		t.Fatal(err)
	}
	tab.until(t, `wanstore.problem !== null && `+lamp+` === "rgba(0, 0, 0, 0)"`)
	if err := os.Rename(away, s.path); err != nil {
		t.Fatal(err)
	}
	tab.until(t, `wanstore.problem === null && `+lamp+` !== "rgba(0, 0, 0, 0)"`)
}

// What is there fills the first view, up to an hour.
func TestFirstView(t *testing.T) {
	for _, c := range []struct {
		name               string
		begin, end         time.Duration
		shortest, longest  float64
		fewest             int
		earliest, beginsIn time.Duration // before the end of the store
	}{
		{"a minute, just now", time.Minute, ahead, 60, 180, 6, 80 * time.Second, 50 * time.Second},
		{"a minute, half an hour ago", 31 * time.Minute, 30 * time.Minute, 50, 65, 6,
			31*time.Minute + 10*time.Second, 30 * time.Minute},
		{"a minute, a day ago", 24 * time.Hour, 24*time.Hour - time.Minute, 50, 65, 6,
			24*time.Hour + 10*time.Second, 24*time.Hour - time.Minute},
		{"two hours, a day ago", 26 * time.Hour, 24 * time.Hour, 3590, 3800, 50, 25*time.Hour +
			3*time.Minute,
			25*time.Hour - 3*time.Minute},
		{"two hours, just now", 2 * time.Hour, ahead, 3599, 3601, 50, 61 * time.Minute, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := openTab(t)
			s := newEmptyStore(t, api.Options{})
			s.record(t, recorded{service.RTT, "short", nil, 20, c.begin, c.end})
			tab.open(t, s.url)
			tab.settled(t)
			view := value[[2]float64](t, tab,
				`(({ min, max }) => [min, max])(wanstore.cards.get("short").charts[0].plot.scales.x)`)
			if long := view[1] - view[0]; long < c.shortest || long > c.longest {
				t.Errorf("the view is %.1f s long, want %.0f to %.0f", long, c.shortest, c.longest)
			}
			if early := float64(s.end.Unix()) - view[0]; early > c.earliest.Seconds() ||
				early < c.beginsIn.Seconds() && c.beginsIn > 0 {
				t.Errorf("it begins %.0f s before the end, want %s to %s", early, c.beginsIn, c.earliest)
			}
			follows := value[bool](t, tab,
				`document.querySelector("[data-do=live]").getAttribute("aria-pressed") === "true"`)
			if follows != (c.end == ahead) {
				t.Errorf("it follows what is now: %t", follows)
			}
			shown := value[int](t, tab,
				`wanstore.cards.get("short").charts[0].plot.data[1].filter((v) => v != null).length`)
			if shown < c.fewest {
				t.Errorf("%d points are shown, want %d at least", shown, c.fewest)
			}
		})
	}
}

// An address may have its times as people write them.
func TestAddress(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{})
	from := s.end.Add(-30 * time.Minute)
	east := time.FixedZone("", 2*3600)
	for _, text := range []string{
		from.UTC().Format(time.RFC3339), from.In(east).Format(time.RFC3339),
		strings.ReplaceAll(from.In(east).Format(time.RFC3339), "+", "%2B"),
	} {
		tab.open(t, s.url+"/#from="+text+"&to="+s.end.UTC().Format(time.RFC3339))
		tab.settled(t)
		got := value[[2]int64](t, tab, `[wanstore.view.from, wanstore.view.to]`)
		if got != [2]int64{from.Unix(), s.end.Unix()} {
			t.Errorf("%s shows %v, want %d to %d", text, got, from.Unix(), s.end.Unix())
		}
	}
}

// No label is cut off, and small values fill their chart.
func TestAxes(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t,
		recorded{service.RTT, "small", nil, 0.01, time.Hour, 0},
		recorded{service.RateDownload, "small", nil, 0.00005, time.Hour, 0},
		recorded{service.State, "small", nil, 0, time.Hour, 0},
		recorded{service.RateDownload, "large", nil, 12_345_678, time.Hour, 0})
	// the last tick is where the chart ends
	until := s.end.Truncate(10 * time.Minute)
	for _, long := range []time.Duration{2 * time.Minute, 40 * time.Minute} {
		for _, screen := range screens {
			t.Run(screen.name, func(t *testing.T) {
				tab.openOn(t, screen, fixed(s, until.Add(-long), until))
				top := value[float64](t, tab, `wanstore.cards.get("small").charts[1].plot.scales.y.max`)
				if top > 0.0001 {
					t.Errorf("the axis of small rates ends at %v", top)
				}
				value[any](t, tab, cutLabels)
				cut := value[[]string](t, tab, `cut`)
				if len(cut) > 0 {
					t.Errorf("cut off: %s", fmt.Sprint(cut))
				}
				labels := value[int](t, tab, `drawn.filter((text) => /^\d\d:\d\d/.test(text)).length`)
				if labels < 4 {
					t.Errorf("%d times on the axes", labels)
				}
			})
		}
	}
}

// cutLabels draws again and takes note of what is cut off at the sides, in cut.
const cutLabels = `(() => {
	[window.cut, window.drawn] = [[], []];
	const { prototype } = CanvasRenderingContext2D;
	const draw = prototype.fillText;
	prototype.fillText = function (text, x, y) {
		const wide = this.measureText(text).width;
		const at = this.getTransform().transformPoint({ x, y }).x;
		const before = { right: wide, center: wide / 2 };
		const from = at - (before[this.textAlign] ?? 0);
		if (from < 0 || from + wide > this.canvas.width) cut.push(text + " at " + from);
		drawn.push(text);
		draw.call(this, text, x, y);
	};
	for (const card of wanstore.cards.values()) {
		for (const chart of card.charts) chart.plot.redraw(false, true);
	}
})()`
