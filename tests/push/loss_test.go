package push

import (
	"net/http"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
)

// rewound is how long before an error of the transport a sender sends again what was acknowledged.
const rewound = 30 * time.Second

// An acknowledgement is not durability: VictoriaMetrics keeps in memory what it took last. But what
// a sender does not send again after a kill is there.
func TestVictoriaMetricsLosesTheLastSeconds(t *testing.T) {
	t.Parallel()
	length := 20 * time.Second
	if filetest.Soak() {
		length = 3 * rewound
	}
	r := start(t, victoriaMetrics, dedup)
	first := time.Now().Add(-24 * time.Hour).UnixMilli()
	var acknowledged []time.Time // the points, which are a millisecond apart
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for begun := time.Now(); time.Since(begun) < length; <-ticker.C {
		n := len(acknowledged)
		r.takes(t, http.StatusNoContent, named("a", point{first + int64(n), float64(n)}))
		acknowledged = append(acknowledged, time.Now())
	}
	killed := time.Now()
	r.kill()
	r.restart()
	there := map[int64]bool{}
	for _, p := range r.stored("a", 48*time.Hour, killed)["a{}"] {
		there[p.ms-first] = true
	}
	var oldest time.Duration
	for n, at := range acknowledged {
		if !there[int64(n)] {
			oldest = max(oldest, killed.Sub(at))
		}
	}
	t.Logf("of %d acknowledged points %d are there; the first that is not was acknowledged %s before "+
		"the kill", len(acknowledged), len(there), oldest)
	if len(there) == len(acknowledged) {
		t.Error("nothing was lost")
	}
	if oldest >= rewound {
		t.Error("what a sender would not send again was lost")
	}
}

// Prometheus loses nothing that it has acknowledged.
func TestPrometheusLosesNothing(t *testing.T) {
	t.Parallel()
	r := start(t, windowPrometheus)
	first := time.Now().Add(-time.Hour).UnixMilli()
	const points = 200
	for n := range points {
		r.takes(t, http.StatusNoContent, named("a", point{first + int64(n), float64(n)}))
	}
	r.kill()
	r.restart()
	if got := len(r.stored("a", 2*time.Hour, time.Now())["a{}"]); got != points {
		t.Errorf("%d points are there, want %d", got, points)
	}
}
