package browser

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// Days of a view that is wide enough for them are those of the zone that is shown.
func TestDays(t *testing.T) {
	tab := openTab(t)
	zone := emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Kathmandu"}
	if _, err := chromedp.Call(tab.ctx, emulation.SetTimezoneOverride, zone); err != nil {
		t.Fatal(err)
	}
	s := newEmptyStore(t, api.Options{})
	s.record(t, recorded{service.RTT, "days", nil, 20, 96 * time.Hour, 0})
	tab.open(t, s.url+"/#range=365d")
	tab.settled(t)
	const begins = `wanstore.cards.get("days").charts[0].list[0].t.map((at) =>
		new Date(at * 1000).toISOString().slice(11, 16))`
	tab.until(t, begins+`.length > 3 && `+begins+`.every((at) => at === "18:15")`)
	tab.press(t, "u")
	tab.until(t, begins+`.length > 3 && `+begins+`.every((at) => at === "00:00")`)
}
