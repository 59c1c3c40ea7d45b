package push

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// post sends a body to a server that answers in some way, by a sender's own client.
func post(t *testing.T, config Config, handler http.HandlerFunc) answer {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	config.URL = server.URL + writePath
	return postTo(t, config)
}

func postTo(t *testing.T, config Config) answer {
	t.Helper()
	p, _, err := connect(config, time.Now, func() {})
	must(t, err)
	defer p.client.CloseIdleConnections()
	if config.Settle > 0 { // in these tests the time that a POST may take
		p.limit = config.Settle
	}
	var e encoder
	return p.post(t.Context(), e.encode(long(10)))
}

// answering returns a handler that answers with a status and some words.
func answering(status int, words string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, words)
	}
}

// Each answer has its meaning.
func TestAnswers(t *testing.T) {
	soon := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		verdict verdict
		words   string
		wait    time.Duration // at the most, and half as long at the least
		gone    bool
	}{
		"200": {answering(200, ""), taken, "", 0, false},
		"204": {answering(204, ""), taken, "", 0, false},
		"400": {answering(400, "out of\norder\x1b[31m"), rejected,
			"400 Bad Request: out of order[31m", 0, false},
		"413":            {answering(413, "too large"), rejected, "too large", 0, false},
		"422":            {answering(422, "what"), rejected, "what", 0, false},
		"408":            {answering(408, ""), busy, "", 0, false},
		"429":            {answering(429, "slowly"), busy, "slowly", 0, false},
		"429 in seconds": {answering(429, "", "Retry-After", "7"), busy, "", 7 * time.Second, false},
		"429 at a time":  {answering(429, "", "Retry-After", soon), busy, "", 90 * time.Second, false},
		"429 for years": {answering(429, "", "Retry-After", "99999999999"), busy, "", longestWait,
			false},
		"429 nonsense":  {answering(429, "", "Retry-After", "soon"), busy, "", 0, false},
		"401":           {answering(401, "who?"), barred, "who?", 0, false},
		"403":           {answering(403, ""), barred, "", 0, false},
		"404":           {answering(404, ""), barred, "", 0, false},
		"500":           {answering(500, "too old sample"), failing, "too old sample", 0, false},
		"502":           {answering(502, ""), failing, "", 0, true},
		"503":           {answering(503, "", "Retry-After", "3"), failing, "", 3 * time.Second, true},
		"redirect":      {answering(307, "", "Location", "/elsewhere"), strange, "307", 0, false},
		"redirect away": {answering(302, "", "Location", "http://192.0.2.1/"), strange, "302", 0, false},
		"304":           {answering(304, ""), strange, "", 0, false},
		"much to say":   {answering(400, strings.Repeat("x", 1<<20)), rejected, "xxx", 0, false},
		"cut in the middle": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, lost, "EOF", 0, true},
		"wrong length": {answering(200, "short", "Content-Length", "1000"), lost, "EOF", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := post(t, Config{}, c.handler)
			if got.verdict != c.verdict || !strings.Contains(got.words, c.words) || got.gone != c.gone {
				t.Errorf("got %v %q, gone %v; want %v %q", got.verdict, got.words, got.gone, c.verdict,
					c.words)
			}
			if got.wait > c.wait || got.wait < c.wait/2 {
				t.Errorf("waits %s, want %s", got.wait, c.wait)
			}
			if len(got.words) > maxWords+50 {
				t.Errorf("%d bytes of words", len(got.words))
			}
		})
	}
}

// What is not taken is meant for samples, for the sender, or may be either.
func TestVerdicts(t *testing.T) {
	for status := 100; status < 700; status++ {
		want := strange
		switch {
		case status == 401 || status == 403 || status == 404:
			want = barred
		case status == 408 || status == 425 || status == 429:
			want = busy
		case status/100 == 2:
			want = taken
		case status/100 == 4:
			want = rejected
		case status/100 == 5:
			want = failing
		}
		if got := judge(status); got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
}

// A receiver that hangs is given up, one that is slow is not.
func TestSlow(t *testing.T) {
	release := make(chan struct{})
	hangs := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	got := post(t, Config{Settle: 100 * time.Millisecond}, hangs)
	close(release)
	if got.verdict != lost || !got.gone {
		t.Errorf("a receiver that hangs: %v", got)
	}
	slow := func(w http.ResponseWriter, r *http.Request) {
		one := make([]byte, 1)
		for {
			if _, err := r.Body.Read(one); err != nil {
				break
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}
	if got := post(t, Config{}, slow); got.verdict != taken {
		t.Errorf("a slow receiver: %v", got)
	}
}

// A receiver that is not there is no receiver that refuses.
func TestNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	at := "http://" + listener.Addr().String() + writePath
	must(t, listener.Close())
	if got := postTo(t, Config{URL: at}); got.verdict != lost || strings.Contains(got.words, at) {
		t.Errorf("got %v", got)
	}
}

// HTTP/2 is spoken where the receiver speaks it, with certificates that are given.
func TestHTTP2(t *testing.T) {
	var proto, path string
	server := httptest.NewUnstartedServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			proto, path = r.Proto, r.URL.Path
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusNoContent)
		}))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	if got := postTo(t, Config{URL: server.URL + writePath}); got.verdict != lost {
		t.Errorf("a certificate of nobody: %v", got)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	must(t, os.WriteFile(file, text, 0o600))
	got := postTo(t, Config{URL: server.URL + writePath, CAFile: file})
	if got.verdict != taken || proto != "HTTP/2.0" || path != writePath {
		t.Errorf("%v by %s at %s", got, proto, path)
	}
}

// What a request has in its head.
func TestHeaders(t *testing.T) {
	folder := t.TempDir()
	token, pair := filepath.Join(folder, "token"), filepath.Join(folder, "pair")
	must(t, os.WriteFile(token, []byte("s3cret\n"), 0o600))
	must(t, os.WriteFile(pair, []byte("me:s3cret\n"), 0o600))
	var got http.Header
	look := func(_ http.ResponseWriter, r *http.Request) { got = r.Header }
	post(t, Config{TokenFile: token, Headers: map[string]string{"X-Scope-OrgID": "acme"}}, look)
	for name, want := range map[string]string{
		"Authorization": "Bearer s3cret", "X-Scope-OrgID": "acme", "Content-Encoding": "snappy",
		"Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0",
	} {
		if got.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Get(name), want)
		}
	}
	post(t, Config{BasicFile: pair}, look)
	if user, password, ok := (&http.Request{Header: got}).BasicAuth(); user+password != "mes3cret" ||
		!ok {
		t.Errorf("basic auth of %q", user)
	}
	must(t, os.WriteFile(token, []byte("two\nlines\n"), 0o600))
	if _, _, err := connect(Config{TokenFile: token}, time.Now, nil); err == nil {
		t.Error("a token of two lines is taken")
	}
}

// A token that is replaced holds from the next request on; while its file cannot be read, the last
// one does.
func TestTokenReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(file, []byte("first"), 0o600))
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
	}))
	defer server.Close()
	p, _, err := connect(Config{URL: server.URL, TokenFile: file}, time.Now, func() {})
	must(t, err)
	for _, c := range []struct{ text, want string }{
		{"first", "Bearer first"}, {"second", "Bearer second"}, {"", "Bearer second"},
	} {
		must(t, os.WriteFile(file, []byte(c.text), 0o600))
		if a := p.post(t.Context(), nil); a.verdict != taken || got != c.want {
			t.Errorf("file %q: %v, %q", c.text, a, got)
		}
	}
}

// A connection that the receiver ends is noticed while nothing is sent, one that the sender ends is
// not.
func TestConnectionEnds(t *testing.T) {
	server := httptest.NewServer(answering(http.StatusNoContent, ""))
	defer server.Close()
	ended := make(chan struct{}, 10)
	p, _, err := connect(Config{URL: server.URL}, time.Now, func() { ended <- struct{}{} })
	must(t, err)
	take := func() {
		t.Helper()
		if a := p.post(t.Context(), nil); a.verdict != taken {
			t.Fatal(a)
		}
	}
	take()
	server.CloseClientConnections()
	<-ended
	take()
	p.client.CloseIdleConnections()
	take()
	if len(ended) > 0 {
		t.Error("a connection that the sender has ended is taken for one that the receiver did")
	}
}
