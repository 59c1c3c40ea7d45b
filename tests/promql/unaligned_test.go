package promql

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	product "github.com/wanstore/wanstore/promql"
	"github.com/wanstore/wanstore/service"
)

// Windows that are not aligned to the buckets that are left lose no sample and count none twice,
// and the answer says how coarse it is.
func TestUnalignedWindowsKeepTotals(t *testing.T) {
	random := filetest.Random(t)
	w := newWorld(t, random, policy{time.Hour, 10 * time.Hour, 24 * time.Hour, 7})
	w.record(64 * time.Hour)
	engine := product.New(w.history, product.Options{})
	floors := w.floors()
	hour := time.Hour.Milliseconds()
	for _, one := range []struct {
		tier        service.Granularity
		from, until int64 // what only this tier and coarser ones hold
		steps       []time.Duration
	}{
		{service.Hour, w.start.UnixMilli(), floors[service.FiveMinutes], []time.Duration{
			time.Minute, 7 * time.Minute, 20 * time.Minute, 25 * time.Minute, 90 * time.Minute,
		}},
		{service.FiveMinutes, floors[service.FiveMinutes], floors[service.Minute], []time.Duration{
			10 * time.Second, time.Minute, 90 * time.Second, 7 * time.Minute,
		}},
		{service.Minute, floors[service.Minute], floors[service.Raw], []time.Duration{
			7 * time.Second, 20 * time.Second, 90 * time.Second,
		}},
	} {
		for _, step := range one.steps {
			from := one.from - one.from%hour + hour
			period := lcm(hour, step.Milliseconds())
			until := from + (one.until-from)/period*period
			if until <= from {
				t.Errorf("no room for steps of %s in %s from %d to %d", step, one.tier, one.from, one.until)
				continue
			}
			until = min(until, from+max(period, 9000*step.Milliseconds()/period*period))
			w.checkTotals(engine, one.tier, from, until, step)
		}
	}
}

func lcm(a, b int64) int64 {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	return a / x * b
}

func (w *world) checkTotals(
	engine *product.Engine, tier service.Granularity, from, until int64, step time.Duration,
) {
	w.t.Helper()
	for i, kind := range w.kinds {
		samples := w.window(i, from, until)
		var sum float64
		for _, value := range samples {
			sum += value
		}
		for function, want := range map[string]float64{
			"count_over_time": float64(len(samples)), "sum_over_time": sum,
		} {
			expr := fmt.Sprintf("%s(%s[%s])", function, kind.selector(), text(step))
			result, err := engine.Range(w.t.Context(), expr, time.UnixMilli(from).Add(step),
				time.UnixMilli(until), step, product.Settings{})
			if err != nil {
				w.t.Fatalf("%s: %v", expr, err)
			}
			var got float64
			for _, one := range copied(w.t, result.Value) {
				for _, point := range one.Floats {
					got += point.F
				}
			}
			if math.Abs(got-want) > 1e-9*math.Abs(want) {
				w.t.Errorf("%s from %d until %d, which is left in %s only, comes to %v, want %v", expr, from,
					until, tier, got, want)
			}
			if len(samples) > 0 && !slices.ContainsFunc(result.Infos, func(info string) bool {
				return strings.Contains(info, tier.String())
			}) {
				w.t.Errorf("%s over windows narrower than %s: infos %q name no granularity", expr, tier,
					result.Infos)
			}
			result.Close()
		}
	}
}

// selector picks the series alone.
func (s series) selector() string {
	all := s.promLabels()
	if all.Get("target") == "" {
		return strings.Replace(all.String(), "{", `{target="",`, 1)
	}
	return all.String()
}

// A range that begins at any moment has every sample in one of its windows, from whatever tiers.
func TestOddStartsKeepTotals(t *testing.T) {
	random := filetest.Random(t)
	w := newWorld(t, random, policy{time.Hour, 10 * time.Hour, 24 * time.Hour, 7})
	w.record(64 * time.Hour)
	w.maintain()
	engine := product.New(w.history, product.Options{})
	for _, step := range []time.Duration{
		time.Hour, 5 * time.Minute, 90 * time.Second, 7*time.Minute + 13*time.Second, 24 * time.Hour,
	} {
		from := w.start.Truncate(time.Hour). // where the first bucket begins
							Add(-time.Duration(random.Int64N(int64(step)))).Truncate(time.Millisecond)
		until := from.Add(w.end.Sub(from).Truncate(step) + 2*step)
		w.checkAll(engine, from, until, step)
	}
}

// checkAll adds up windows that lie next to each other and have all that was recorded.
func (w *world) checkAll(engine *product.Engine, from, until time.Time, step time.Duration) {
	w.t.Helper()
	for i, kind := range w.kinds {
		samples := w.window(i, 0, until.UnixMilli())
		var sum float64
		for _, value := range samples {
			sum += value
		}
		for function, want := range map[string]float64{
			"count_over_time": float64(len(samples)), "sum_over_time": sum,
		} {
			q := query{expr: fmt.Sprintf("%s(%s[%s])", function, kind.selector(), text(step)),
				from: from, until: until, step: step}
			matrix, notes := w.askProduct(engine, q)
			var got float64
			for _, one := range matrix {
				for _, point := range one.Floats {
					got += point.F
				}
			}
			if math.Abs(got-want) > 1e-9*math.Abs(want) || len(samples) > 0 && len(notes) == 0 {
				w.t.Errorf("%s from %s step %s comes to %v, want %v; notes %q", q.expr, from, step, got,
					want, notes)
			}
		}
	}
}
