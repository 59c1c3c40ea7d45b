package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/service"
)

// A handler that panics before it has answered gets 500 in its place, compressed or not.
func TestPanicBeforeTheAnswer(t *testing.T) {
	a := New(Options{})
	panics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		panic("oh")
	})
	a.Mount(Mount{Path: "/panics", Handler: panics})
	handler := a.Handler()
	for _, encoding := range []string{"", "gzip"} {
		request := httptest.NewRequest(http.MethodGet, "/panics", nil)
		request.Header.Set("Accept-Encoding", encoding)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != http.StatusInternalServerError ||
			answer.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%d %v", answer.Code, answer.Header())
		}
	}
}

// A scrape that panics, in a goroutine of the registry, does not end the program.
func TestPanicInAScrape(t *testing.T) {
	// of no file: every question panics
	a := New(Options{Path: "nowhere", Writer: new(service.Writer)})
	answer := httptest.NewRecorder()
	a.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

// A request that reads for too long is stopped, and told so.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New(Options{})
		begin := time.Now()
		answer := httptest.NewRecorder()
		slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			a.refuse(w, r, r.Context().Err())
		})
		a.Mount(Mount{Path: "/slow", Handler: slow})
		a.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/slow", nil))
		if took := time.Since(begin); took != answerLimit ||
			answer.Code != http.StatusServiceUnavailable ||
			!strings.Contains(answer.Body.String(), "30s: ask for a shorter range") {
			t.Errorf("%d after %s: %s", answer.Code, took, answer.Body)
		}
	})
}
