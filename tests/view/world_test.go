package view

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// now is when the history that is asked begins to be asked: what it holds is two days old at most.
var now = time.Date(2026, 3, 20, 12, 0, 10, 0, time.UTC)

// ago is a moment before now in seconds, as a query has it.
func ago(d time.Duration) int64 { return now.Add(-d).Unix() }

const day = 24 * time.Hour

// recorded is what the history holds. Some series began later than the rest, and one WAN's name
// wants quoting.
var recorded = []struct {
	metric, wan string
	labels      service.Labels
	since       time.Duration // before now
}{
	{service.RTT, "fibre", nil, 2 * day},
	{service.RTT, "fibre", service.Labels{"x": "1", "target": "1.1.1.1"}, 2 * day},
	{service.RTT, "lte", nil, 10 * time.Hour},
	{service.RateDownload, "fibre", nil, 2 * day},
	{service.State, "fibre", nil, 2 * day},
	{service.State, "lte", service.Labels{"why": `it's "so"`, "x": "2"}, 30 * time.Hour},
	{service.SteeringEnabled, "o'brien", nil, 20 * time.Hour},
}

// ages are how long each tier but the last is kept: short, so that a few thousand rows show all of
// them.
var ages = service.Config{KeepRaw: 10 * time.Minute, Keep1m: time.Hour, Keep5m: 8 * time.Hour,
	RetentionDays: 365}

// stretches are how far apart samples are: three fall into each bucket of what will be a tier, so
// that an average is not a sample and states tie, and in the end several into a second.
var stretches = []struct{ until, step time.Duration }{
	{8 * time.Hour, 20 * time.Minute},
	{time.Hour, 100 * time.Second},
	{10 * time.Minute, 20 * time.Second},
	{time.Minute, 10 * time.Second},
	{0, 400 * time.Millisecond},
}

// world is a history whose writer has it open, on a clock that the test moves.
type world struct {
	path   string
	writer *service.Writer
	micros atomic.Int64 // the clock
}

// newWorld opens a history that the writer keeps open until the test ends.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{path: filetest.Path(t)}
	w.micros.Store(now.UnixMicro())
	var err error
	config := ages
	config.DBPath = w.path
	w.writer, err = service.OpenWriter(t.Context(), config, service.Options{
		Logger:        slog.New(slog.DiscardHandler),
		Now:           func() time.Time { return time.UnixMicro(w.micros.Load()) },
		TrustClock:    true,
		NoMaintenance: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// fill records two days and rolls them up, so that all tiers have rows.
func (w *world) fill(t *testing.T) {
	t.Helper()
	for i, one := range recorded {
		series, err := w.writer.Series(one.metric, one.wan, one.labels)
		if err != nil {
			t.Fatal(err)
		}
		at := now.Add(-one.since).Add(time.Duration(i) * time.Millisecond)
		var samples []service.Sample
		for _, stretch := range stretches {
			for ; at.Before(now.Add(-stretch.until)); at = at.Add(stretch.step) {
				samples = append(samples,
					service.Sample{Series: series, Time: at, Value: value(one.metric, len(samples))})
			}
		}
		if err := w.writer.Write(t.Context(), samples...); err != nil {
			t.Fatal(err)
		}
	}
	if report, err := w.writer.Maintain(t.Context()); err != nil || report.MoreDue {
		t.Fatalf("%+v, %v", report, err)
	}
}

// value makes up the nth sample of a series.
func value(metric string, n int) float64 {
	switch metric {
	case service.State:
		return float64([]int{0, 1, 3, 1, 1, 0, 2, 0, 3, 3, 2}[n%11])
	case service.SteeringEnabled:
		return float64(n / 50 % 2)
	default:
		return 20 + float64(n*7919%1009)/30
	}
}
