package service_test

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := filetest.NoTestLog(); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// quiet has no maintenance of its own and keeps its log to itself.
func quiet() service.Options {
	return service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true}
}

// open opens a writer that is closed at the end of the test, if the test has not done so.
func open(t *testing.T, config service.Config, options service.Options) *service.Writer {
	t.Helper()
	w, err := service.OpenWriter(t.Context(), config, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, w) })
	return w
}

// shut closes a writer and waits for its end.
func shut(t *testing.T, w *service.Writer) {
	t.Helper()
	if err := w.Close(context.Background()); err != nil {
		t.Errorf("close: %v", err)
	}
}

func series(
	t *testing.T, w *service.Writer, metric, wan string, labels service.Labels,
) *service.Series {
	t.Helper()
	s, err := w.Series(metric, wan, labels)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rtt(t *testing.T, w *service.Writer) *service.Series {
	t.Helper()
	return series(t, w, service.RTT, "spectrum", nil)
}

// write writes samples that must all be taken.
func write(t *testing.T, w *service.Writer, samples ...service.Sample) {
	t.Helper()
	if err := w.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
}

// run returns n samples of a series, one every interval up to end.
func run(s *service.Series, n int, end time.Time, interval time.Duration) []service.Sample {
	samples := make([]service.Sample, n)
	for i := range samples {
		samples[i] = service.Sample{Series: s, Time: end.Add(-time.Duration(n-1-i) * interval),
			Value: float64(i % 10)}
	}
	return samples
}

// history opens a history that is closed at the end of the test.
func history(t *testing.T, path string) *service.History {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// want fails the test unless err is target.
func want(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("got error %v, want %v", err, target)
	}
}

// logged keeps what is logged.
type logged struct {
	mu      sync.Mutex
	records []string
}

func (l *logged) logger() *slog.Logger { return slog.New(l) }

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }

func (l *logged) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "err" {
			text += " " + a.String()
		}
		return true
	})
	l.records = append(l.records, text)
	return nil
}

func (l *logged) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *logged) WithGroup(string) slog.Handler      { return l }

// lines returns what was logged since the last call.
func (l *logged) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.records
	l.records = nil
	return lines
}

// refusals returns the refused samples that an error of Write lists.
func refusals(t *testing.T, err error) []*service.SampleError {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got error %v, want a list of samples", err)
	}
	var list []*service.SampleError
	for _, one := range joined.Unwrap() {
		var refusal *service.SampleError
		if !errors.As(one, &refusal) {
			t.Fatalf("got error %v, want that of a sample", one)
		}
		list = append(list, refusal)
	}
	return list
}

// closeHurriedly closes a writer and leaves it no time for rolling up.
func closeHurriedly(t *testing.T, w *service.Writer) {
	t.Helper()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Close(cancelled); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v", err)
	}
	shut(t, w)
}
