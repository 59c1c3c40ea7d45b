package browser

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// fixed is the address of a range that does not move.
func fixed(s *store, from, until time.Time) string {
	return fmt.Sprintf("%s/#from=%d&to=%d", s.url, from.Unix(), until.Unix())
}

// The plotted numbers are those of the history, at each granularity.
func TestNumbers(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, 30*time.Hour, api.Options{})
	for _, view := range []struct {
		long, step time.Duration
	}{
		{10 * time.Minute, 0}, {3 * time.Hour, time.Minute}, {24 * time.Hour, 5 * time.Minute},
	} {
		from, until := s.end.Add(-view.long), s.end
		tab.open(t, fixed(s, from, until))
		tab.settled(t)
		step := time.Duration(value[float64](t, tab, `wanstore.step`) * float64(time.Second))
		if view.step != 0 && step != view.step {
			t.Errorf("%s: step %s, want %s", view.long, step, view.step)
		}
		want := s.points(t, from, until, step)
		if len(want) != 2*len(shown) {
			t.Fatalf("%s: %d series, want %d", view.long, len(want), 2*len(shown))
		}
		got := value[map[string][][]float64](t, tab, plotted)
		if difference := cmp.Diff(want, got); difference != "" {
			t.Errorf("%s: drawn (+) is not what is recorded (-):\n%s", view.long, difference)
		}
	}
}

// The first paint takes few requests and bytes.
func TestFirstPaint(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, 30*time.Hour, api.Options{})
	tab.firstPaint(t, s, "/#range=1d")
	// a view that is found only by the answer
	s = newEmptyStore(t, api.Options{})
	s.record(t, recorded{service.RTT, "short", nil, 20, 2 * time.Hour, time.Hour + 50*time.Minute})
	tab.firstPaint(t, s, "/")
}

func (tab *tab) firstPaint(t *testing.T, s *store, address string) {
	t.Helper()
	tab.open(t, s.url+address)
	loaded := value[[]struct {
		Name string  `json:"name"`
		Size float64 `json:"size"`
	}](t, tab, `performance.getEntries()
		.filter((entry) => entry.transferSize !== undefined)
		.filter((entry) => entry.startTime < performance.getEntriesByName("painted")[0].startTime)
		.map((entry) => ({ name: entry.name, size: entry.transferSize }))`)
	total := 0.0
	for _, one := range loaded {
		t.Logf("%7.0f bytes  %s", one.Size, strings.TrimPrefix(one.Name, s.url))
		total += one.Size
	}
	t.Logf("%7.0f bytes in %d requests", total, len(loaded))
	if len(loaded) == 0 || len(loaded) > 6 || total > 150_000 {
		t.Errorf("%d requests and %.0f bytes to the first paint: want at most 6 and 150,000", len(loaded),
			total)
	}
}

// Dragging looks closer, at a finer tier, and the way back is kept.
func TestDrag(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, 30*time.Hour, api.Options{})
	tab.open(t, s.url+"/#range=1d")
	tab.settled(t)
	if got := tab.text(t, ".grain"); !strings.HasSuffix(got, "5m") { // and of its end something finer
		t.Errorf("a day shows %q, want 5m", got)
	}
	tab.drag(t, 0.3, 0.45) // 3.6 hours
	tab.until(t, `document.querySelector(".grain").textContent === "1m"`)
	tab.drag(t, 0.2, 0.9)
	tab.moved(t, func() { tab.press(t, "1") })
	tab.until(t, `document.querySelector(".grain").textContent === "raw"`)
	if got := tab.text(t, "#grain"); !strings.HasSuffix(got, "1s") {
		t.Errorf("five minutes show %q, want a point each 1s", got)
	}
	steps := s.steps()
	for _, step := range []string{"5m", "1m", "1s"} {
		if !slices.Contains(steps, step) {
			t.Errorf("the page asked for the steps %v, want %s among them", steps, step)
		}
	}

	// What was looked at before comes back, view by view.
	for range 3 {
		tab.moved(t, func() { tab.press(t, kb.Escape) })
	}
	tab.until(t,
		`location.hash === "#range=1d" && document.querySelector(".grain").textContent.endsWith("5m")`)

	// A double click goes back as well.
	tab.drag(t, 0.5, 0.6)
	tab.moved(t, func() { tab.do(t, chromedp.DoubleClick(".u-over")) })
	tab.until(t, `location.hash === "#range=1d"`)
}

// What is recorded appears, and only the newest part is asked for.
func TestLive(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{})
	tab.open(t, s.url+"/#range=5m")
	tab.settled(t)
	asked := len(s.steps())
	if err := s.writer.Write(t.Context(), s.rtt(t, time.Now(), 77)); err != nil {
		t.Fatal(err)
	}
	tab.until(t, `document.querySelector(".legend output").textContent.startsWith("77.00 ms")`)
	s.mu.Lock()
	part := s.asked[asked].URL.Query()
	s.mu.Unlock()
	if !part.Has("from") || part.Has("range") {
		t.Errorf("the page asked for %v, want the newest part alone", part)
	}

	// In the past nothing moves.
	tab.press(t, "l")
	tab.settled(t)
	tab.until(t, `document.querySelector("[data-do=live]").getAttribute("aria-pressed") === "false"`)
	before := value[float64](t, tab, `wanstore.view.to`)
	tab.press(t, "l")
	tab.settled(t)
	tab.until(t, fmt.Sprintf(`
		document.querySelector("[data-do=live]").getAttribute("aria-pressed") === "true" &&
		wanstore.cards.get("cable").charts[0].plot.scales.x.max > %f`, before))
}

func (s *store) rtt(t *testing.T, at time.Time, v float64) service.Sample {
	t.Helper()
	series, err := s.writer.Series(service.RTT, "cable", nil)
	if err != nil {
		t.Fatal(err)
	}
	return service.Sample{Series: series, Time: at, Value: v}
}

func TestKeys(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, 30*time.Hour, api.Options{})
	tab.open(t, s.url)
	tab.settled(t)
	for key, want := range map[string]string{"1": "#range=5m", "4": "#range=6h", "6": "#range=7d",
		"9": "#range=365d"} {
		tab.press(t, key)
		tab.until(t, `location.hash === `+quote(want))
		tab.settled(t)
	}
	from := s.end.Add(-8 * time.Hour)
	tab.open(t, fixed(s, from, from.Add(4*time.Hour)))
	view := func(begin, end time.Duration) {
		t.Helper()
		tab.until(t, fmt.Sprintf(`wanstore.view.from === %d && wanstore.view.to === %d`,
			from.Add(begin).Unix(), from.Add(end).Unix()))
	}
	tab.press(t, "+")
	view(time.Hour, 3*time.Hour)
	tab.press(t, "-")
	view(0, 4*time.Hour)
	tab.press(t, kb.ArrowLeft)
	view(-time.Hour, 3*time.Hour)
	tab.press(t, kb.ArrowRight)
	view(0, 4*time.Hour)
	tab.settled(t)

	tab.press(t, ",")
	tab.until(t,
		`/cable, RTT [\d.]+ ms.*(GREEN|YELLOW|RED)/.test(document.getElementById("said").textContent)`)
	got := value[string](t, tab, `document.querySelector(".rtt .unseen").textContent`)
	if !strings.Contains(got, "average") {
		t.Errorf("the chart is described as %q", got)
	}
	tab.press(t, "u")
	tab.until(t, `document.querySelector("[data-do=utc]").getAttribute("aria-pressed") === "true" &&
		document.getElementById("span").textContent.includes(`+quote(from.UTC().Format("15:04"))+`)`)
	tab.press(t, "?")
	tab.until(t, `document.getElementById("help").open`)
	tab.press(t, kb.Escape)
	tab.until(t, `!document.getElementById("help").open`)
}

func TestTheme(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{})
	const light = `getComputedStyle(document.body).backgroundColor.match(/\d+/)[0] > 128`
	tab.open(t, s.url)
	tab.settled(t)
	was := value[bool](t, tab, light)
	tab.do(t, chromedp.Click("[data-do=theme]"))
	tab.until(t, fmt.Sprintf("(%s) === %t", light, !was))
	tab.open(t, s.url) // it is remembered
	tab.until(t, fmt.Sprintf("(%s) === %t", light, !was))
	tab.do(t, chromedp.Click("[data-do=theme]"))
	tab.until(t, fmt.Sprintf("(%s) === %t", light, was))
}

func TestToken(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{Token: "correct horse"})
	tab.open(t, s.url)
	tab.until(t, `document.getElementById("token").open`)
	tab.do(t, chromedp.SendKeys("#token-value", "wrong"+kb.Enter))
	tab.until(t, `document.getElementById("token").open &&
		document.getElementById("token-why").textContent.includes("refused")`)
	tab.do(t, chromedp.SendKeys("#token-value", "correct horse"+kb.Enter))
	tab.until(t, `!document.getElementById("token").open && wanstore.cards.size === 2 &&
		document.getElementById("notice").hidden`)
	if stored := value[int](t, tab, `localStorage.length`); stored != 0 {
		t.Errorf("%d things are kept beyond the session", stored)
	}
}

// A file that is away is said to be, and read again when it is back.
func TestAway(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{})
	if err := s.writer.Close(t.Context()); err != nil { // so that all is in one file
		t.Fatal(err)
	}
	away := s.path + ".away"
	if err := os.Rename(s.path, away); err != nil {
		t.Fatal(err)
	}
	tab.open(t, s.url)
	tab.until(t, `!document.getElementById("notice").hidden && wanstore.problem?.status === 503`)
	if got := tab.text(t, "#notice"); !strings.Contains(got, "cannot be read") {
		t.Errorf("the page says %q", got)
	}
	if err := os.Rename(away, s.path); err != nil {
		t.Fatal(err)
	}
	tab.until(t, `document.getElementById("notice").hidden && wanstore.cards.size === 2`)
}

func TestEmpty(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{})
	tab.open(t, fixed(s, s.end.Add(-100*time.Hour), s.end.Add(-90*time.Hour)))
	tab.until(t, `document.getElementById("notice").textContent.includes("newest is of")`)
	tab.do(t, chromedp.Click("#notice button"))
	tab.until(t, `wanstore.cards.size === 2 && document.getElementById("notice").hidden`)
}

func TestNarrow(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{})
	tab.do(t, chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch))
	tab.open(t, s.url+"/#range=6h")
	tab.settled(t)
	widths := value[[2]int](t, tab, `[document.documentElement.scrollWidth, innerWidth]`)
	if widths != [2]int{360, 360} {
		t.Errorf("the page is %d wide on a screen of %d, want 360", widths[0], widths[1])
	}
	right := value[float64](t, tab, `Math.max(...[...document.querySelectorAll("canvas")]
		.map((canvas) => canvas.getBoundingClientRect().right))`)
	if right > 360 {
		t.Errorf("a chart reaches to %f", right)
	}
}

// Else a test that finds no violation proves nothing.
func TestPolicy(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{})
	tab.open(t, s.url)
	tab.expected = "Content Security Policy"
	value[any](t, tab, `document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>"), null`)
	tab.until(t, `getComputedStyle(document.body.lastElementChild).color !== "rgb(255, 0, 0)"`)
	select {
	case got := <-tab.complaints:
		if !strings.Contains(got, tab.expected) {
			t.Errorf("heard %q, want a violation", got)
		}
	case <-time.After(patience):
		t.Error("heard nothing, want a violation")
	}
}

// drag selects a part of the first chart with the mouse.
func (tab *tab) drag(t *testing.T, from, to float64) {
	t.Helper()
	box := value[[3]float64](t, tab, `(({left, top, width}) => [left, top, width])(
		document.querySelector(".u-over").getBoundingClientRect())`)
	y := box[1] + 40
	tab.moved(t,
		func() { tab.do(t, chromedp.DragAndDropXY(box[0]+from*box[2], y, box[0]+to*box[2], y, 5)) })
}

// moved waits until what f does shows another view.
func (tab *tab) moved(t *testing.T, f func()) {
	t.Helper()
	before := value[string](t, tab, `location.hash`)
	f()
	tab.until(t, `location.hash !== `+quote(before))
	tab.settled(t)
}

// Loss is a share in percent, from zero, also where nothing is lost.
func TestLoss(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	s.record(t,
		recorded{service.LossRatio, "clean", nil, 0, time.Hour, ahead},
		recorded{service.LossRatio, "dead", nil, 1, time.Hour, ahead},
		recorded{service.RTT, "unmeasured", nil, 20, time.Hour, ahead})
	tab.open(t, s.url+"/#range=1h")
	tab.settled(t)
	for wan, want := range map[string]string{
		"clean": "0.00 % 0 0.01", "dead": "100.0 % 0 1.08",
	} {
		tab.until(t, fmt.Sprintf(`(({ items, plot }) =>
			[items[0].value.textContent, plot.scales.y.min, plot.scales.y.max].join(" "))(
			wanstore.cards.get(%q).charts[0]) === %q`, wan, want))
		tab.until(t, fmt.Sprintf(`wanstore.cards.get(%q).charts[0].summary.textContent.includes(%q)`,
			wan, "loss: average "+strings.Join(strings.Fields(want)[:2], " ")))
	}
	tab.until(t,
		`wanstore.cards.get("unmeasured").charts.every(({ figure }) => figure.name === "rtt")`)
}
