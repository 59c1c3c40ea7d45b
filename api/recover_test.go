package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A handler that panics before it has answered gets 500 in its place, compressed or not.
func TestPanicBeforeTheAnswer(t *testing.T) {
	a := New(Options{})
	handler := withHeaders(withGzip(a.withRecovery(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		panic("oh")
	}))))
	for _, encoding := range []string{"", "gzip"} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Accept-Encoding", encoding)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != http.StatusInternalServerError || answer.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%d %v", answer.Code, answer.Header())
		}
	}
}
