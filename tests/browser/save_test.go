package browser

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// keepFiles keeps what the page hands to the browser, in files, instead of saving it.
const keepFiles = `(() => {
	window.files = [];
	HTMLAnchorElement.prototype.click = function () {
		fetchedFile = { name: this.download, href: this.href };
	};
	const create = URL.createObjectURL;
	URL.createObjectURL = (blob) => {
		const file = { type: blob.type, text: null };
		files.push(file);
		blob.text().then((text) => (file.text = text));
		return create(blob);
	};
	window.fetchedFile = null;
})()`

// What a chart shows can be had as CSV, from its address as well, and as a picture.
func TestSave(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, 3*time.Hour, api.Options{})
	from, until := s.end.Add(-2*time.Hour), s.end
	tab.open(t, fixed(s, from, until))
	tab.settled(t)
	value[any](t, tab, keepFiles)
	tab.do(t, chromedp.Click(`#wans .rtt .save a`))
	tab.until(t, `files[0]?.text && fetchedFile?.name.endsWith(".csv")`)
	text := value[string](t, tab, `files[0].text`)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	step := time.Duration(value[float64](t, tab, `wanstore.step`) * float64(time.Second))
	points := s.points(t, from, until, step)
	want := 1 + len(points["cable "+service.RTT]) + len(points["cable "+service.RTTBaseline])
	if len(rows) != want || rows[0][len(rows[0])-1] != "p99" {
		t.Errorf("%d rows with %v, want %d with p99", len(rows), rows[0], want)
	}
	for _, row := range rows[1:] {
		if row[2] != "cable" {
			t.Errorf("a row of %s in the file of cable", row[2])
		}
	}
	address := value[string](t, tab, `document.querySelector("#wans .rtt .save a").href`)
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") {
		t.Errorf("%s answers with %s", address, kind)
	}

	tab.do(t, chromedp.Click(`#wans .rtt .save button`))
	tab.until(t, `files[1]?.text?.includes("PNG") && fetchedFile.name.endsWith(".png")`)
	if kind := value[string](t, tab, `files[1].type`); kind != "image/png" {
		t.Errorf("the picture is %s", kind)
	}
}

// Where there is a token the file comes with it, which a link alone could not.
func TestSaveWithToken(t *testing.T) {
	tab := openTab(t)
	s := newStore(t, time.Hour, api.Options{Token: "correct horse"})
	tab.open(t, s.url)
	value[any](t, tab, `sessionStorage.setItem("wanstore.token", "correct horse")`)
	tab.open(t, fixed(s, s.end.Add(-time.Hour), s.end))
	tab.settled(t)
	value[any](t, tab, keepFiles)
	tab.do(t, chromedp.Click(`#wans .states .save a`))
	tab.until(t, `files[0]?.text?.split("\n").length > 10`)
}
