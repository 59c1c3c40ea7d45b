package promql_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	upstream "github.com/prometheus/prometheus/promql"
	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is where stories begin.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// recording is a history that a test writes, under a clock of its own.
type recording struct {
	t      *testing.T
	clock  atomic.Int64 // the writer looks at it when it likes
	writer *service.Writer
	*promql.Engine
}

// record opens a history and an engine over it.
func record(
	t *testing.T, config service.Config, options promql.Options, metrics ...service.Metric,
) *recording {
	t.Helper()
	r := &recording{t: t}
	r.set(noon)
	config.DBPath = filetest.Path(t)
	var err error
	r.writer, err = service.OpenWriter(t.Context(), config, service.Options{
		Logger: slog.New(slog.DiscardHandler), Metrics: metrics, NoMaintenance: true,
		TrustClock: true, Now: r.now,
	})
	must(t, err)
	t.Cleanup(func() { must(t, r.writer.Close(context.Background())) })
	history, err := service.OpenHistory(t.Context(), config.DBPath)
	must(t, err)
	t.Cleanup(func() { must(t, history.Close()) })
	r.Engine = promql.New(history, options)
	return r
}

func (r *recording) now() time.Time { return time.UnixMicro(r.clock.Load()).UTC() }

func (r *recording) set(now time.Time) { r.clock.Store(now.UnixMicro()) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *recording) series(metric, wan string, labels service.Labels) *service.Series {
	r.t.Helper()
	s, err := r.writer.Series(metric, wan, labels)
	must(r.t, err)
	return s
}

// write writes one value a step from a moment on.
func (r *recording) write(
	s *service.Series, from time.Time, step time.Duration, values ...float64,
) {
	r.t.Helper()
	list := make([]service.Sample, len(values))
	for i, value := range values {
		list[i] = service.Sample{Series: s, Time: from.Add(time.Duration(i) * step), Value: value}
	}
	if last := list[len(list)-1].Time; last.After(r.now()) {
		r.set(last)
	}
	must(r.t, r.writer.Write(r.t.Context(), list...))
}

// age lets a duration pass after noon and maintains.
func (r *recording) age(after time.Duration) {
	r.t.Helper()
	r.set(noon.Add(after))
	for {
		report, err := r.writer.Maintain(r.t.Context())
		must(r.t, err)
		if report.RolledUp == (service.TierRows{}) {
			return
		}
	}
}

// instant returns the answer to a query as text, sorted, with its annotations.
func (r *recording) instant(expr string, at time.Time) string {
	r.t.Helper()
	result, err := r.Instant(r.t.Context(), expr, at, promql.Settings{})
	return shown(result, err)
}

func (r *recording) ranged(expr string, from, until time.Time, step time.Duration) string {
	r.t.Helper()
	result, err := r.Range(r.t.Context(), expr, from, until, step, promql.Settings{})
	return shown(result, err)
}

// shown writes an answer: of a vector each series and its value, of a matrix each series and its
// values by the minutes after noon.
func shown(result *promql.Result, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	defer result.Close()
	var lines []string
	switch value := result.Value.(type) {
	case upstream.Vector:
		for _, s := range value {
			lines = append(lines, fmt.Sprintf("%s %.6g", s.Metric, s.F))
		}
	case upstream.Matrix:
		for _, s := range value {
			line := s.Metric.String()
			for _, p := range s.Floats {
				after := time.UnixMilli(p.T).Sub(noon)
				line += fmt.Sprintf(" %s=%.6g", short(after), p.F)
			}
			lines = append(lines, line)
		}
	default:
		lines = append(lines, value.String())
	}
	lines = append(lines, result.Warnings...)
	lines = append(lines, result.Infos...)
	return strings.Join(lines, "\n")
}

// short leaves out the seconds and minutes that are none.
func short(d time.Duration) string {
	text := d.String()
	for _, none := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, none) {
			text = text[:len(text)-2]
		}
	}
	return text
}
