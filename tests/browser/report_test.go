package browser

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/report"
	"github.com/wanstore/wanstore/service"
)

// month is the month of a test, which is over, in a zone whose days begin at a quarter to.
type month struct {
	zone        *time.Location
	from, until time.Time
}

func lastMonth(t *testing.T, tab *tab) month {
	t.Helper()
	const name = "Asia/Kathmandu"
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	params := emulation.SetTimezoneOverrideParams{TimezoneID: name}
	if _, err := chromedp.Call(tab.ctx, emulation.SetTimezoneOverride, params); err != nil {
		t.Fatal(err)
	}
	now := time.Now().In(zone)
	until := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, zone)
	return month{zone, until.AddDate(0, -1, 0), until}
}

func (m month) name() string { return m.from.Format("2006-01") }

// fillDays records the hours around a midnight of the month, with an outage of half an hour, of
// some WANs; and of another one rates alone.
func (m month) fillDays(t *testing.T, s *store, wans ...string) {
	t.Helper()
	var list []recorded
	ago := func(day, hour, minute int) time.Duration {
		return s.end.Sub(time.Date(m.from.Year(), m.from.Month(), day, hour, minute, 0, 0, m.zone))
	}
	for _, wan := range wans {
		begin, end := ago(10, 22, 0), ago(11, 2, 0)
		down, up := ago(11, 1, 0), ago(11, 1, 30)
		list = append(list,
			recorded{service.RateDownload, wan, nil, 80, begin, end},
			recorded{service.RTT, wan, nil, 20, begin, down},
			recorded{service.RTT, wan, nil, 21, up, end},
			recorded{service.State, wan, nil, 0, begin, down},
			recorded{service.State, wan, nil, 3, down, up},
			recorded{service.State, wan, nil, 0, up, end})
	}
	list = append(list,
		recorded{service.RateUpload, "rates alone", nil, 8, ago(10, 22, 0), ago(11, 2, 0)})
	s.record(t, list...)
}

// A report shows what the package report makes, in local days; each month can be chosen.
func TestReport(t *testing.T) {
	tab := openTab(t)
	m := lastMonth(t, tab)
	s := newEmptyStore(t, api.Options{})
	m.fillDays(t, s, "wan10", "wan2")
	want := s.report(t, m).WANs[0] // both are the same
	for _, screen := range allScreens {
		t.Run(screen.name, func(t *testing.T) {
			tab.openOn(t, screen, s.url+"/#report="+m.name())
			names := texts(t, tab, "#reports h3")
			if diff := cmp.Diff([]string{"rates alone", "wan2", "wan10"}, names); diff != "" {
				t.Error(diff)
			}
			const part = `#reports details:nth-child(2) `
			total := texts(t, tab, part+".total dd")
			wanted := []string{
				fmt.Sprintf("%.1f GB", *want.Total.Download),
				fmt.Sprintf("%.2f ms", *want.Total.Quantile(0.5)),
				fmt.Sprintf("%.2f ms", *want.Total.Quantile(0.95)),
				fmt.Sprintf("%.2f ms", *want.Total.Quantile(0.99)),
				"1 (30 min)", "4 h", "GREEN\u00a087.5\u00a0%, RED\u00a012.5\u00a0%",
			}
			if diff := cmp.Diff(wanted, total); diff != "" {
				t.Error(diff)
			}
			days := texts(t, tab, part+".days tbody th")
			wanted = []string{
				"1 to 9 " + m.from.Format("Jan"),
				m.from.AddDate(0, 0, 9).Format("Mon 2 Jan"), m.from.AddDate(0, 0, 10).Format("Mon 2 Jan"),
				"12 to " + m.until.AddDate(0, 0, -1).Format("2 Jan"),
			}
			if diff := cmp.Diff(wanted, days); diff != "" {
				t.Error(diff)
			}
			outage := texts(t, tab, part+".downtimes tbody :is(th, td)")
			if len(outage) != 4 || !strings.HasSuffix(outage[0], ", 01:00") || outage[1] != "30 min" {
				t.Errorf("the outage is %q", outage)
			}
			// what a WAN has not is no column, and charts are not in the way
			if got := texts(t, tab, "#reports details:first-child .total dt"); len(got) != 2 {
				t.Errorf("of rates alone: %q", got)
			}
			if charts := value[bool](t, tab, `document.getElementById("wans").offsetHeight > 0`); charts {
				t.Error("there are charts, too")
			}
		})
	}
}

// report makes the report of a month from the file.
func (s *store) report(t *testing.T, m month) report.Report {
	t.Helper()
	history, err := service.OpenHistory(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	made, err := report.Make(t.Context(), history,
		report.Query{From: m.from, Until: m.until, Zone: m.zone})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Keys and buttons turn the months, lead to the report and back, and the CSV is that of the month.
func TestReportControls(t *testing.T) {
	tab := openTab(t)
	m := lastMonth(t, tab)
	s := newEmptyStore(t, api.Options{})
	m.fillDays(t, s, "wan1")
	tab.open(t, s.url+"/#range=1h")
	tab.settled(t)
	tab.moved(t, func() { tab.do(t, chromedp.Click("[data-do=report]")) })
	says := func(what string) {
		t.Helper()
		tab.until(t, `document.getElementById("report-says").textContent.startsWith(`+quote(what)+`)`)
	}
	says("Nothing was measured in " + m.until.Format("January 2006"))
	if !value[bool](t, tab, `document.querySelector("#report [data-do=later]").disabled`) {
		t.Error("a month ahead can be chosen")
	}
	tab.moved(t, func() { tab.do(t, chromedp.Click("#report [data-do=earlier]")) })
	says(m.from.Format("January 2006") + ", in days of Asia/Kat") // as the browser spells it
	tab.moved(t, func() { tab.press(t, kb.ArrowRight) })
	tab.moved(t, func() { tab.press(t, kb.ArrowLeft) })
	before := len(s.steps())
	for _, key := range []string{"+", "-", ",", "l"} { // they are for charts
		tab.press(t, key)
	}
	tab.press(t, "u")
	says(m.from.Format("January 2006") + ", in days of UTC")
	tab.press(t, "u")
	says(m.from.Format("January 2006") + ", in days of Asia/Kat")

	value[any](t, tab, keepFiles)
	address := value[string](t, tab, `document.getElementById("report-csv").href`)
	tab.do(t, chromedp.Click("#report-csv"))
	tab.until(t, `files[0]?.text && fetchedFile?.name === `+quote("wanstore-report-"+m.name()+".csv"))
	saved := value[string](t, tab, `files[0].text`)
	lines, err := csv.NewReader(strings.NewReader(saved)).ReadAll()
	if days := m.until.AddDate(0, 0, -1).Day(); err != nil || len(lines) != 1+2*(days+1) {
		t.Errorf("%d lines of 2 WANs and %d days: %v", len(lines), days, err)
	}
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") {
		t.Errorf("%s answers with %s", address, kind)
	}
	if asked := len(s.steps()); asked != before {
		t.Errorf("%d questions for points while a report was shown", asked-before)
	}
	tab.moved(t, func() { tab.do(t, chromedp.Click(".ranges a:nth-child(5)")) })
	tab.until(t, `location.hash === "#range=1d" &&
		document.getElementById("report").offsetHeight === 0`)
	tab.moved(t, func() { tab.press(t, "r") })
	tab.moved(t, func() { tab.press(t, kb.Escape) })
	tab.until(t, `location.hash === "#range=1d"`)
}

// With a token the report and its CSV come with it.
func TestReportToken(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{Token: "correct horse"})
	tab.open(t, s.url+"/#report")
	tab.until(t, `document.getElementById("token").open`)
	tab.do(t, chromedp.SendKeys("#token-value", "correct horse"+kb.Enter))
	tab.until(t,
		`document.getElementById("report-says").textContent.startsWith("Nothing was measured")`)
	value[any](t, tab, keepFiles)
	tab.do(t, chromedp.Click("#report-csv"))
	tab.until(t, `files[0]?.text?.startsWith("wan_name,date")`)
}

// An outage that is shorter than a point is one, as in the report.
func TestShortOutage(t *testing.T) {
	tab := openTab(t)
	s := newEmptyStore(t, api.Options{})
	begin := s.end.Add(-time.Hour).Truncate(5 * time.Minute).Add(30 * time.Second)
	ago := func(minutes int) time.Duration {
		return s.end.Sub(begin.Truncate(time.Minute).Add(time.Duration(minutes) * time.Minute))
	}
	s.record(t,
		recorded{service.RTT, "short", nil, 20, 24 * time.Hour, ago(0)},
		recorded{service.RTT, "short", nil, 20, ago(4), 0},
		recorded{service.State, "short", nil, 0, 24 * time.Hour, ago(0)},
		recorded{service.State, "short", nil, 3, ago(0), ago(4)},
		recorded{service.State, "short", nil, 0, ago(4), 0},
		recorded{service.RTT, "stateless", nil, 20, time.Hour, 0})
	for _, long := range []time.Duration{time.Hour + 10*time.Minute, 24 * time.Hour} {
		tab.open(t, fixed(s, s.end.Add(-long), s.end))
		tab.settled(t)
		if diff := cmp.Diff([]string{"1", "–"}, texts(t, tab, "#rows .outages")); diff != "" {
			t.Errorf("%s with points each %v s: %s", long, value[float64](t, tab, `wanstore.step`), diff)
		}
	}
}
