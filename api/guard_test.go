package api_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// HEAD has the headers of GET, and no body.
func TestHead(t *testing.T) {
	r := record(t, service.Config{})
	r.fill(t)
	server := httptest.NewServer(r.api.Handler())
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true,
		DisableKeepAlives: true}}
	for _, path := range []string{"/", "/health", "/metrics/history?from=0&to=2999-01-01",
		"/metrics/history?from=x", "/nothing"} {
		got, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		shutBody(t, got)
		head, err := client.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		shutBody(t, head)
		if head.StatusCode != got.StatusCode {
			t.Errorf("%s: %s, GET %s", path, head.Status, got.Status)
		}
		for _, name := range []string{"Content-Type", "Content-Length", "Cache-Control", "ETag"} {
			if head.Header.Get(name) != got.Header.Get(name) {
				t.Errorf("%s: %s: %q, GET %q", path, name, head.Header.Get(name), got.Header.Get(name))
			}
		}
	}
}

func shutBody(t *testing.T, response *http.Response) {
	t.Helper()
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestMethods(t *testing.T) {
	a := answering(t, api.Options{Path: "nowhere"})
	for _, path := range []string{"/", "/page/page.js", "/health", "/metrics", "/metrics/history"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete,
			http.MethodPatch, http.MethodOptions, "BREW"} {
			answer := ask(t, a, method, path)
			if answer.Code != http.StatusMethodNotAllowed || answer.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d, allowed %q", method, path, answer.Code, answer.Header().Get("Allow"))
			}
			if why := decode[refused](t, answer.Body); !strings.Contains(why.Error.Message, method) {
				t.Errorf("%s %s: %+v", method, path, why)
			}
		}
	}
	for _, path := range []string{"/nothing", "/metrics/", "/metrics/history/", "/page/",
		"/page/nothing", "/page/../api.go", "/index.html"} {
		request := httptest.NewRequest(http.MethodGet, path, nil)
		answer := httptest.NewRecorder()
		a.Handler().ServeHTTP(answer, request)
		if answer.Code != http.StatusNotFound && answer.Code/100 != 3 {
			t.Errorf("GET %s: %d %s", path, answer.Code, answer.Body)
		}
	}
	why := refusal(t, a, "/nothing", http.StatusNotFound)
	if !strings.Contains(why.Error.Message, "/nothing") {
		t.Errorf("%+v", why)
	}
}

func TestBodiesAreRefused(t *testing.T) {
	a := answering(t, api.Options{Path: "nowhere"})
	for _, length := range []int64{4, -1} { // -1: not known, as of a chunked one
		request := httptest.NewRequest(http.MethodGet, "/metrics/history", strings.NewReader("body"))
		request.ContentLength = length
		answer := httptest.NewRecorder()
		a.Handler().ServeHTTP(answer, request)
		if answer.Code != http.StatusRequestEntityTooLarge ||
			answer.Header().Get("Connection") != "close" {
			t.Errorf("%d: %d %s", length, answer.Code, answer.Body)
		}
	}
}

// Browsers are told to be careful, with every answer.
func TestHeaders(t *testing.T) {
	r := record(t, service.Config{})
	for _, path := range []string{"/", "/page/page.js", "/health", "/metrics", "/metrics/history",
		"/metrics/history?limit=x", "/nothing"} {
		header := ask(t, r.api, http.MethodGet, path).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Access-Control-Allow-Origin":  "",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
		policy := strings.Split(header.Get("Content-Security-Policy"), "; ")
		if !slices.Contains(policy, "default-src 'none'") ||
			!slices.Contains(policy, "script-src 'self'") ||
			!slices.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		want := "no-store"
		if path == "/" || strings.HasPrefix(path, "/page/") {
			want = "no-cache"
		}
		if got := header.Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
		}
	}
}

// A page that a browser has is not sent again.
func TestPageIsKept(t *testing.T) {
	a := answering(t, api.Options{Path: "nowhere", Token: "secret"}) // which the page does not need
	for path, contentType := range map[string]string{
		"/": "text/html; charset=utf-8", "/page/page.js": "text/javascript; charset=utf-8",
	} {
		for _, encoding := range []string{"identity", "gzip"} {
			answer := askWith(a, http.MethodGet, path, "Accept-Encoding", encoding)
			tag := answer.Header().Get("ETag")
			if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != contentType ||
				tag == "" || answer.Body.Len() == 0 {
				t.Errorf("%s: %d %v", path, answer.Code, answer.Header())
			}
			again := askWith(a, http.MethodGet, path, "Accept-Encoding", encoding, "If-None-Match", tag)
			if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
				t.Errorf("%s: %d, %d bytes", path, again.Code, again.Body.Len())
			}
		}
	}
}

func TestToken(t *testing.T) {
	r := record(t, service.Config{})
	a := answering(t, api.Options{Path: r.path, Token: "correct-horse"})
	for _, header := range []string{
		"", "Bearer", "Bearer ", "Bearer wrong", "Bearer correct-hors", "Bearer correct-horse1",
		"Basic correct-horse", "correct-horse",
		"Bearer correct-horse battery",
	} {
		for _, path := range []string{"/metrics", "/metrics/history", "/metrics/history?limit=x"} {
			answer := askWith(a, http.MethodGet, path, "Authorization", header)
			if answer.Code != http.StatusUnauthorized ||
				!strings.HasPrefix(answer.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s with %q: %d %v", path, header, answer.Code, answer.Header())
			}
			if why := decode[refused](t, answer.Body); strings.Contains(why.Error.Message, "correct") {
				t.Errorf("%+v", why)
			}
		}
	}
	for _, header := range []string{"Bearer correct-horse", "bearer  correct-horse"} {
		for _, path := range []string{"/metrics", "/metrics/history"} {
			answer := askWith(a, http.MethodGet, path, "Authorization", header)
			if answer.Code != http.StatusOK {
				t.Errorf("%s with %q: %d %s", path, header, answer.Code, answer.Body)
			}
		}
	}
	for _, path := range []string{"/", "/health"} {
		if answer := ask(t, a, http.MethodGet, path); answer.Code != http.StatusOK ||
			strings.Contains(answer.Body.String(), r.path) {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}

// Only the configured origin gets what lets its pages read the answers, and its browsers need no
// token to ask whether they may.
func TestOrigin(t *testing.T) {
	const origin = "https://status.example.net"
	for configured, asking := range map[string]map[string]string{
		"":     {origin: ""},
		origin: {origin: origin, "https://other.example.net": "", "": "", "null": ""},
		"*":    {origin: "*", "null": "*"},
	} {
		r := record(t, service.Config{})
		a := answering(t, api.Options{Path: r.path, Token: "secret", Origin: configured})
		for from, want := range asking {
			answer := askWith(a, http.MethodGet, "/metrics/history", "Origin", from, "Authorization",
				"Bearer secret")
			if got := answer.Header().Get("Access-Control-Allow-Origin"); got != want ||
				answer.Code != http.StatusOK {
				t.Errorf("%q from %q: %d, %q, want %q", configured, from, answer.Code, got, want)
			}
			vary := slices.Contains(answer.Header().Values("Vary"), "Origin")
			if vary != (configured != "") {
				t.Errorf("%q from %q: vary %v", configured, from, answer.Header().Values("Vary"))
			}
			before := askWith(a, http.MethodOptions, "/metrics/history", "Origin", from,
				"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
			code := http.StatusMethodNotAllowed
			if want != "" {
				code = http.StatusNoContent
			}
			if before.Code != code || before.Header().Get("Access-Control-Allow-Origin") != want {
				t.Errorf("%q from %q: %d %v", configured, from, before.Code, before.Header())
			}
			if allowed := before.Header().Get("Access-Control-Allow-Headers"); want != "" &&
				allowed != "Authorization" {
				t.Errorf("%q from %q: headers %q", configured, from, allowed)
			}
		}
	}
}

// broken panics while it is written to.
type broken struct{ *httptest.ResponseRecorder }

func (broken) Write([]byte) (int, error) { panic("broken") }

// A panic is logged, and does not pass for an answer.
func TestPanic(t *testing.T) {
	var log bytes.Buffer
	r := record(t, service.Config{})
	a := answering(t, api.Options{Path: r.path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	defer func() {
		if reason, ok := recover().(error); !ok || !errors.Is(reason, http.ErrAbortHandler) {
			t.Errorf("%v", reason)
		}
		if !strings.Contains(log.String(), "a handler panicked") ||
			!strings.Contains(log.String(), "path=/metrics/history") {
			t.Errorf("%s", log.String())
		}
	}()
	a.Handler().ServeHTTP(broken{httptest.NewRecorder()},
		httptest.NewRequest(http.MethodGet, "/metrics/history", nil))
	t.Error("it goes on")
}

// A page of another site cannot make a browser ask for data, unless it is the one that may.
func TestPagesOfOtherSites(t *testing.T) {
	r := record(t, service.Config{})
	const status, other = "https://status.example.net", "https://other.example.net"
	for _, configured := range []string{"", status, "*"} {
		a := answering(t, api.Options{Path: r.path, Origin: configured})
		for _, c := range []struct {
			site, origin string
			answered     bool
		}{
			{"", "", true}, {"none", "", true}, {"same-origin", "", true}, {"same-origin", other, true},
			{"cross-site", "", false}, {"same-site", "", false},
			{"cross-site", status, configured != ""}, {"same-site", status, configured != ""},
			{"cross-site", other, configured == "*"}, {"same-site", other, configured == "*"},
		} {
			for _, path := range []string{"/metrics/history", "/metrics", "/health"} {
				got := askWith(a, http.MethodGet, path, "Sec-Fetch-Site", c.site, "Origin", c.origin)
				if (got.Code == http.StatusOK) != c.answered ||
					!c.answered && got.Code != http.StatusForbidden {
					t.Errorf("%s for %q: %+v is answered with %d", path, configured, c, got.Code)
				}
			}
		}
	}
}

// What an error repeats is short, and does nothing to a terminal.
func TestRepeated(t *testing.T) {
	a := answering(t, api.Options{Path: "nowhere"})
	for _, path := range []string{
		"/" + long("x"), "/%1b[2J%00" + long("%0a"), "/metrics/history?" + long("y") + "=1",
		"/metrics/history?%1b[2J=1", "/metrics/history?step=%1b[2J" + long("%e2%80%ae"),
		"/metrics/history?label." + long("z") + "=1", "/metrics/history?tz=" + long("%1b"),
	} {
		answer := ask(t, a, http.MethodGet, path)
		why := decode[refused](t, answer.Body)
		if len(why.Error.Message) > 700 || len(why.Error.Parameter) > 400 ||
			strings.ContainsFunc(why.Error.Message+why.Error.Parameter,
				func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%.40s: %q", path, why.Error)
		}
	}
}
