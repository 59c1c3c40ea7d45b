package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/service"
)

// mounting mounts a handler that repeats the form it gets, and says "no STATUS" when refused.
func mounting(t *testing.T, options api.Options) *api.API {
	t.Helper()
	a := answering(t, options)
	repeat := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/other/panic" {
			panic("oh")
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = w.Write(append([]byte("got "), body...))
	})
	a.Mount(api.Mount{Path: "/other/", Handler: repeat, MaxForm: 10,
		Refuse: func(w http.ResponseWriter, _ *http.Request, status int, _ string) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "no "+http.StatusText(status))
		}})
	return a
}

// A handler that is mounted has the rules of access of the API, and tells them in its own shape.
func TestMount(t *testing.T) {
	const status, page = "https://status.example.net", "https://other.example.net"
	a := mounting(t, api.Options{Path: "nowhere", Token: "correct-horse", Origin: status})
	const token = "Bearer correct-horse"
	for _, c := range []struct {
		method, path, body string
		headers            []string
		code               int
	}{
		{"GET", "/other/x", "", []string{"Authorization", token}, 200},
		{"POST", "/other/x", "a=b", []string{"Authorization", token}, 200},
		{"GET", "/other/x", "", nil, 401},
		{"POST", "/other/x", "a=b", []string{"Authorization", "Bearer wrong"}, 401},
		{"GET", "/other/x", "a=b", []string{"Authorization", token}, 413},
		{"POST", "/other/x", "a=0123456789", []string{"Authorization", token}, 413},
		{"PUT", "/other/x", "", []string{"Authorization", token}, 405},
		{"POST", "/metrics", "a=b", []string{"Authorization", token}, 405},
		{"GET", "/other/panic", "", []string{"Authorization", token}, 500},
		{"POST", "/other/x", "", []string{"Authorization", token, "Origin", page}, 403},
		{"POST", "/other/x", "", []string{"Authorization", token, "Origin", "null"}, 403},
		{"POST", "/other/x", "", []string{"Authorization", token, "Origin", "http://example.com"}, 200},
		{"POST", "/other/x", "", []string{"Authorization", token, "Origin", status}, 200},
		{"POST", "/other/x", "", []string{"Authorization", token, "Origin", page,
			"Sec-Fetch-Site", "same-origin"}, 200},
		{"POST", "/other/x", "", []string{"Authorization", token, "Sec-Fetch-Site", "cross-site"}, 403},
		{"OPTIONS", "/other/x", "", []string{"Origin", status,
			"Access-Control-Request-Method", "POST"}, 204},
	} {
		request := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		for i := 0; i < len(c.headers); i += 2 {
			request.Header.Set(c.headers[i], c.headers[i+1])
		}
		answer := httptest.NewRecorder()
		a.Handler().ServeHTTP(answer, request)
		want := "got " + c.body
		if c.code >= 400 {
			want = "no " + http.StatusText(c.code)
		}
		if answer.Code != c.code || c.code != 204 && c.path != "/metrics" &&
			answer.Body.String() != want {
			t.Errorf("%+v: %d %s, want %s", c, answer.Code, answer.Body, want)
		}
		if answer.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%+v: %v", c, answer.Header())
		}
		allowed := answer.Header().Get("Access-Control-Allow-Methods")
		if c.code == 204 && allowed != "GET, HEAD, POST" {
			t.Errorf("%+v: %q is allowed", c, allowed)
		}
	}
}

// A form whose length nobody knows is cut off where it becomes too long.
func TestMountedFormWithoutLength(t *testing.T) {
	a := mounting(t, api.Options{Path: "nowhere"})
	for body, code := range map[string]int{"a=b": 200, "a=0123456789": http.StatusTeapot} {
		request := httptest.NewRequest(http.MethodPost, "/other/x", strings.NewReader(body))
		request.ContentLength = -1
		answer := httptest.NewRecorder()
		a.Handler().ServeHTTP(answer, request)
		if answer.Code != code {
			t.Errorf("%s: %d %s", body, answer.Code, answer.Body)
		}
	}
}

// What is mounted is not answered under a foreign name either.
func TestNamesOfAMount(t *testing.T) {
	address, _ := serving(t, mounting(t, api.Options{Path: "nowhere"}), api.Config{})
	for host, code := range map[string]int{"localhost": 200, "evil.example": 421} {
		answer := send(t, address, "GET /other/x HTTP/1.1\r\nConnection: close\r\nHost: "+host+
			"\r\n\r\n")
		if answer.code != code || code == 421 && answer.body != "no Misdirected Request" {
			t.Errorf("%s: %+v", host, answer)
		}
	}
}

// No more than two read at once, and a mount is told when its turn does not come.
func TestReadOfAMount(t *testing.T) {
	r := record(t, service.Config{})
	err := r.api.Read(t.Context(), func(*service.History) error {
		return r.api.Read(t.Context(), func(*service.History) error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return r.api.Read(ctx, func(*service.History) error {
				t.Error("three read at once")
				return nil
			})
		})
	})
	if !errors.Is(err, api.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	away := answering(t, api.Options{Path: "nowhere"})
	err = away.Read(t.Context(), func(*service.History) error { return nil })
	if !errors.Is(err, api.ErrUnavailable) || !errors.Is(err, service.ErrMissing) {
		t.Errorf("%v", err)
	}
}
