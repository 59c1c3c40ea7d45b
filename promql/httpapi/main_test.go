package httpapi_test

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/promql/httpapi"
	"github.com/wanstore/wanstore/service"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := filetest.NoTestLog(); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// begin is when the recorded samples begin.
var begin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// recorded records an hour of two series of measurements and one of states, at 1 Hz, and opens it.
func recorded(t testing.TB) *service.History {
	t.Helper()
	history, err := service.OpenHistory(t.Context(), record(t, "cable", "lte"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := history.Close(); err != nil {
			t.Error(err)
		}
	})
	return history
}

// record records the hour of two WANs, of which the first has states, and returns the path.
func record(t testing.TB, first, second string) string {
	t.Helper()
	writer, err := service.OpenWriter(t.Context(), service.Config{DBPath: filetest.Path(t)},
		service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true, TrustClock: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, of := range []struct{ metric, wan string }{
		{service.RTT, first}, {service.RTT, second}, {service.State, first},
	} {
		series, err := writer.Series(of.metric, of.wan, nil)
		if err != nil {
			t.Fatal(err)
		}
		samples := make([]service.Sample, 3600)
		for second := range samples {
			samples[second] = service.Sample{Series: series,
				Time: begin.Add(time.Duration(second) * time.Second), Value: float64((i + second) % 4)}
		}
		if err := writer.Write(t.Context(), samples...); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return writer.Path()
}

// quiet are Options that log nothing.
func quiet() httpapi.Options {
	return httpapi.Options{Logger: slog.New(slog.DiscardHandler)}
}

// answering answers from what recorded makes.
func answering(t testing.TB) http.Handler {
	t.Helper()
	return httpapi.New(httpapi.Always(recorded(t)), quiet()).Handler()
}

// ask asks by GET or, where there is a form, by POST. The path is below httpapi.Path.
func ask(handler http.Handler, path string, form url.Values) *httptest.ResponseRecorder {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	request := httptest.NewRequest(method, httpapi.Path+path, body)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}
