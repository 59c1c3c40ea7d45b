package api_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// recorder is a writer with an API over its file.
type recorder struct {
	path   string
	writer *service.Writer
	api    *api.API
}

// record opens a writer that does no maintenance of its own, and an API that knows it.
func record(t testing.TB, config service.Config, metrics ...service.Metric) *recorder {
	t.Helper()
	config.DBPath = filetest.Path(t)
	writer, err := service.OpenWriter(t.Context(), config, service.Options{
		Logger: slog.New(slog.DiscardHandler), Metrics: metrics, NoMaintenance: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &recorder{path: config.DBPath, writer: writer,
		api: answering(t, api.Options{Path: config.DBPath, Writer: writer})}
}

// answering makes an API that is closed before its writer.
func answering(t testing.TB, options api.Options) *api.API {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	a := api.New(options)
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func (r *recorder) series(t testing.TB, metric, wan string, labels service.Labels) *service.Series {
	t.Helper()
	series, err := r.writer.Series(metric, wan, labels)
	if err != nil {
		t.Fatal(err)
	}
	return series
}

func (r *recorder) write(t testing.TB, samples ...service.Sample) {
	t.Helper()
	if err := r.writer.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
}

// fill writes series with and without labels, of measurements and of states.
func (r *recorder) fill(t *testing.T) {
	t.Helper()
	now := time.Now()
	for i, series := range []*service.Series{
		r.series(t, service.RTT, "cable", nil),
		r.series(t, service.RTT, "lte", service.Labels{"reflector": "a \"quoted\" name\\"}),
		r.series(t, service.RTT, "lte", service.Labels{"reflector": "b", "family": "6"}),
		r.series(t, service.RateDownload, "cable", nil),
		r.series(t, service.State, "cable", nil),
		r.series(t, "modem_temperature_celsius", "lte", nil),
	} {
		r.write(t,
			service.Sample{Series: series, Time: now.Add(-time.Hour), Value: 99},
			service.Sample{Series: series, Time: now.Add(time.Duration(i) * 1234567 * time.Microsecond),
				Value: float64(i) + 0.1},
		)
	}
}

// ask asks an API for a path.
func ask(t *testing.T, a *api.API, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	a.Handler().ServeHTTP(answer, httptest.NewRequest(method, path, nil))
	return answer
}
