package promql_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// Whatever is asked, at whatever moments, is answered or refused in bounded time, and no answer
// shows the reserved label. Go's fuzzing ends a try after ten seconds, and two questions that take
// as long as they may fit in several times, also on a busy machine.
//
//ci:fuzz 300
func FuzzQuery(f *testing.F) {
	for _, expr := range []string{
		"avg_over_time(wanctl_rtt_ms[90s] offset 7ms)", "wanctl_rtt_ms", "rate(wanctl_rtt_ms[1h])",
		"quantile_over_time(0.5, wanctl_rtt_ms[1y:13ms])", "{__name__=~'.+'} @ 9e15",
		"(time() - wanctl_rtt_ms)",
		"count_over_time({wan='dsl'}[292y] offset -292y)", "absent(wanctl_rtt_ms offset 1ms)",
		"topk(2, wanctl_state_ratio) + on (state) group_left () wanctl_state_ratio",
		"max_over_time(stddev_over_time(wanctl_rtt_ms[1ms])[1h:1s])", "timestamp(wanctl_state)",
		"sum_over_time(wanctl_rtt_ms[5m] anchored)", "rate(wanctl_rtt_ms[5m] smoothed)",
	} {
		f.Add(expr, int64(0), int64(3600_000), int64(60_000), int64(300_000))
		f.Add(expr, int64(-1)<<62, int64(1)<<62, int64(1)<<61, int64(1))
	}
	engine := fuzzed(f)
	f.Fuzz(func(t *testing.T, expr string, from, width, step, lookback int64) {
		const points = 2000
		if width < 0 || step <= 0 || width/step > points {
			return
		}
		begin := noon.Add(time.Duration(from) * time.Millisecond)
		end := begin.Add(time.Duration(width) * time.Millisecond)
		settings := promql.Settings{Lookback: time.Duration(lookback) * time.Millisecond}
		result, err := engine.Range(t.Context(), expr, begin, end,
			time.Duration(step)*time.Millisecond, settings)
		answered(t, expr, result, err)
		result, err = engine.Instant(t.Context(), expr, begin, settings)
		answered(t, expr, result, err)
	})
}

func answered(t *testing.T, expr string, result *promql.Result, err error) {
	t.Helper()
	text := shown(result, err)
	_, isParse := errors.AsType[*promql.ParseError](err)
	if !isParse && strings.Contains(text, promql.ReservedLabel) {
		t.Errorf("%q: %s", expr, text)
	}
}

// fuzzed returns an engine over a history with something in every tier.
func fuzzed(f *testing.F) *promql.Engine {
	f.Helper()
	var clock atomic.Int64 // the writer looks at it when it likes
	path := filetest.Path(f)
	w, err := service.OpenWriter(f.Context(), service.Config{
		DBPath: path, KeepRaw: time.Hour, Keep1m: 3 * time.Hour, Keep5m: 24 * time.Hour,
	}, service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true, TrustClock: true,
		Now: func() time.Time { return time.UnixMicro(clock.Load()) }})
	if err != nil {
		f.Fatal(err)
	}
	for _, metric := range []string{service.RTT, service.State} {
		series, err := w.Series(metric, "dsl", nil)
		if err != nil {
			f.Fatal(err)
		}
		for now := noon; now.Before(noon.Add(30 * time.Hour)); now = now.Add(20 * time.Minute) {
			clock.Store(now.UnixMicro())
			err = errors.Join(err, w.Write(f.Context(), service.Sample{Series: series, Time: now, Value: 1}))
		}
		if err != nil {
			f.Fatal(err)
		}
	}
	if _, err := w.Maintain(f.Context()); err != nil {
		f.Fatal(err)
	}
	if err := w.CloseWithoutRollUp(f.Context()); err != nil {
		f.Fatal(err)
	}
	h, err := service.OpenHistory(f.Context(), path)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = h.Close() })
	return promql.New(h, promql.Options{
		MaxSamples: 50_000, Timeout: time.Second, Logger: slog.New(slog.DiscardHandler)})
}
