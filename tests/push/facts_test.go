package push

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What follows is what package push relies on, and what it works around. A version of a receiver
// for which one of these fails calls for another look at the sender.

// ago returns the last millisecond of minutes before now, by how many there are between.
func ago() func(minutes int) (ms int64) {
	now := time.Now().Truncate(time.Minute)
	return func(minutes int) int64 {
		return now.Add(-time.Duration(minutes)*time.Minute).UnixMilli() - 1
	}
}

// A bucket that was sent cannot be corrected: of two values of one moment VictoriaMetrics keeps the
// greater one, and without dedup both.
func TestVictoriaMetricsKeepsTheGreaterValue(t *testing.T) {
	t.Parallel()
	for _, mode := range []struct {
		name  string
		flags []string
		want  int
	}{
		{"with dedup", []string{dedup}, 1},
		{"without dedup", nil, 2},
	} {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, victoriaMetrics, mode.flags...)
			at := ago()(10)
			for _, value := range []float64{3, 5, 2} {
				r.takes(t, http.StatusNoContent, named("a", point{at, value}))
			}
			r.takes(t, http.StatusNoContent, named("twice", point{at, 1}))
			r.takes(t, http.StatusNoContent, named("twice", point{at, 1}))
			found := r.stored(`{__name__=~".+"}`, time.Hour, time.Now())
			if got := len(found["twice{}"]); got != mode.want {
				t.Errorf("a sample sent twice is there %d times, want %d", got, mode.want)
			}
			if mode.want > 1 {
				return
			}
			want := []point{{at, 5}}
			if diff := cmp.Diff(want, found["a{}"], cmp.AllowUnexported(point{})); diff != "" {
				t.Errorf("a sample that was sent as 3, 5 and 2 (-want +got):\n%s", diff)
			}
		})
	}
}

// VictoriaMetrics answers 204 whatever it drops, so limits must be kept before sending.
func TestVictoriaMetricsDropsSilently(t *testing.T) {
	t.Parallel()
	r := start(t, victoriaMetrics, dedup)
	now, minute := time.Now(), ago()
	many := map[string]string{"__name__": "many"}
	for letter := range strings.SplitSeq("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN", "") {
		many[letter] = "x"
	}
	long := map[string]string{"__name__": "long", "text": strings.Repeat("x", 4097)}
	most := map[string]string{"__name__": "most", "text": strings.Repeat("x", 4096)}
	empty := map[string]string{"__name__": "empty", "tech": ""}
	r.takes(t, http.StatusNoContent,
		named("old", point{now.AddDate(-10, -1, 0).UnixMilli(), 1}),
		named("ahead", point{now.Add(49 * time.Hour).UnixMilli(), 1}),
		line{many, []point{{minute(1), 1}}},
		line{long, []point{{minute(1), 1}}},
		line{most, []point{{minute(1), 1}}},
		line{empty, []point{{minute(1), 1}}},
		named("good", point{minute(1), 1}))
	found := r.stored(`{__name__=~".+"}`, 11*365*24*time.Hour, now.Add(72*time.Hour))
	want := []string{"empty{}", "good{}", labelText(most)}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("what is there of what was acknowledged (-want +got):\n%s", diff)
	}
}

// Prometheus without a window for samples out of order refuses what is older than an hour before
// the newest sample that it has, and with it the whole POST.
func TestPrometheusRefusesWhatIsOld(t *testing.T) {
	t.Parallel()
	r, minute := start(t, oldPrometheus), ago()
	r.takes(t, http.StatusNoContent, named("fresh", point{minute(0), 1}))
	r.takes(t, http.StatusNoContent, named("old", point{minute(30), 1}))
	r.takes(t, http.StatusBadRequest, named("good", point{minute(0), 1}),
		named("older", point{minute(200), 1}), named("behind", point{minute(0), 1}))
	found := r.stored(`{__name__=~".+"}`, 24*time.Hour, time.Now())
	want := []string{"fresh{}", "old{}"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
}

// With a window it takes what is older, answers 500 for what is older than that, and keeps the
// first value of a moment.
func TestPrometheusWithWindow(t *testing.T) {
	t.Parallel()
	r, minute := start(t, windowPrometheus), ago()
	const day = 24 * 60
	r.takes(t, http.StatusNoContent, named("a", point{minute(0), 1}))
	r.takes(t, http.StatusNoContent, named("a", point{minute(10 * day), 2}))
	r.takes(t, http.StatusNoContent, named("a", point{minute(5 * day), 3}))
	r.takes(t, http.StatusInternalServerError, named("a", point{minute(15 * day), 4}))
	r.takes(t, http.StatusBadRequest, named("a", point{minute(0), 5})) // another value of the newest
	r.takes(t, http.StatusNoContent, named("a", point{minute(5 * day), 6}))
	found := r.stored("a", 20*day*time.Minute, time.Now())
	want := []point{{minute(10 * day), 2}, {minute(5 * day), 3}, {minute(0), 1}}
	if diff := cmp.Diff(want, found["a{}"], cmp.AllowUnexported(point{})); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
}
