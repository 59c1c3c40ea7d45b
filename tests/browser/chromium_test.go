package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take to become what a test waits for.
const patience = 2 * time.Minute

// chromium is the browser of all tests. Each of them has tabs of its own, with a storage of its
// own.
type chromium struct {
	ctx     context.Context
	profile string
	stop    func()
}

var (
	// browser is started by the first test that needs it.
	browser = sync.OnceValues(startChromium)
	running *chromium // what browser has started

	errNoBrowser = errors.New("there is no chromium, chromium-browser or google-chrome in PATH")
)

func TestMain(m *testing.M) {
	code := m.Run()
	if running != nil {
		running.close()
	}
	os.Exit(code)
}

func startChromium() (*chromium, error) {
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		return nil, errNoBrowser
	}
	profile, err := os.MkdirTemp("", "wanstore-browser-")
	if err != nil {
		return nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(profile), chromedp.Headless,
		chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to start as root with one
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	one := &chromium{ctx: ctx, profile: profile, stop: stop}
	if err := chromedp.Do(ctx); err != nil {
		one.close()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	running = one
	return one, nil
}

// close stops the browser, and removes its folder. Its helpers still write there for a moment when
// it has ended itself.
func (c *chromium) close() {
	err := chromedp.Cancel(c.ctx)
	c.stop()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		removed := os.RemoveAll(c.profile)
		if removed == nil || time.Now().After(deadline) {
			err = errors.Join(err, removed)
			break
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stop the browser:", err)
	}
}

// tab is a page that a test looks at.
type tab struct {
	ctx        context.Context
	complaints chan string // of the console
	expected   string      // what a complaint that is none has in it
}

// openTab opens an empty tab, or skips the test where there is no browser. When the test ends,
// nothing may have been complained about.
func openTab(t *testing.T) *tab {
	t.Helper()
	shared, err := browser()
	if errors.Is(err, errNoBrowser) {
		t.Skipf("%v: the page is not tested", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, closeTab := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	one := &tab{ctx: ctx, complaints: make(chan string, 100)}
	if err := chromedp.Do(ctx); err != nil { // with its own context: the tab lives as long as that
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, one.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for len(one.complaints) > 0 {
			if complaint := <-one.complaints; one.expected == "" ||
				!strings.Contains(complaint, one.expected) {
				t.Error(complaint)
			}
		}
	})
	return one
}

// hear takes note of exceptions, of what the console shows as a warning or an error, and of
// violations of the policy. That a request was answered with an error is not one of the page.
func (tab *tab) hear(event any) {
	complaint := ""
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = (&chromedp.ExceptionError{ExceptionDetails: event.ExceptionDetails}).Error()
	case *runtime.EventConsoleAPICalled:
		if event.Type == "error" || event.Type == "warning" || event.Type == "assert" {
			complaint = fmt.Sprint(event.Type, ": ", event.Args)
		}
	case *log.EventEntryAdded:
		if entry := event.Entry; entry.Source != "network" &&
			(entry.Level == "error" || entry.Level == "warning") {
			complaint = fmt.Sprintf("%s: %s: %s", entry.Source, entry.Level, entry.Text)
		}
	}
	if complaint == "" {
		return
	}
	select {
	case tab.complaints <- complaint:
	default: // a hundred are enough to fail
	}
}

func (tab *tab) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// open opens an address and waits until the page is complete.
func (tab *tab) open(t *testing.T, url string) {
	t.Helper()
	tab.do(t, chromedp.Navigate("about:blank"), chromedp.Navigate(url),
		chromedp.WaitReady(`html[data-ready="yes"]`))
}

// value evaluates an expression of JavaScript.
func value[T any](t *testing.T, tab *tab, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAsValue))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return result
}

// until waits until an expression of JavaScript is true.
func (tab *tab) until(t *testing.T, expression string) {
	t.Helper()
	_, err := chromedp.Run(tab.ctx,
		chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience)))
	if err != nil {
		state := value[string](t, tab,
			`location.hash + " | " + document.body.innerText.replace(/\s+/g, " ")`)
		t.Fatalf("waited for %s: %v\n%s", expression, err, state)
	}
}

// settled waits until the page has loaded what it shows.
func (tab *tab) settled(t *testing.T) {
	t.Helper()
	tab.until(t, `!wanstore.loading && wanstore.problem === null`)
}

func (tab *tab) press(t *testing.T, key string) {
	t.Helper()
	tab.do(t, chromedp.KeyEvent(key))
}

func (tab *tab) text(t *testing.T, selector string) string {
	t.Helper()
	return strings.TrimSpace(value[string](t, tab,
		`document.querySelector(`+quote(selector)+`).textContent`))
}
