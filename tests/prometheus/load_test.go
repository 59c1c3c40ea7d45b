package prometheus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// load is what is recorded: so many series, each so many times a second, for so many minutes. It is
// as in tests/bench.
type load struct{ series, rate, minutes int }

var loads = []load{{7, 20, 60}, {200, 20, 5}, {10_000, 1, 5}}

func (l load) String() string { return fmt.Sprintf("load=%dx%dHz", l.series, l.rate) }

func (l load) samples() int { return l.series * l.rate * 60 * l.minutes }

// metrics are those of a controller. The last two are states.
var metrics = []string{
	"wanctl_rtt_ms", "wanctl_rtt_baseline_ms", "wanctl_rtt_delta_ms", "wanctl_rate_download_mbps",
	"wanctl_rate_upload_mbps", "wanctl_state", "wanctl_steering_enabled",
}

// series is one of them, and what the TSDB knows it by once it has had one of its samples.
type series struct {
	labels labels.Labels
	ref    storage.SeriesRef
}

func newSeries(l load) []series {
	all := make([]series, l.series)
	for i := range all {
		metric, wan := metrics[i%len(metrics)], fmt.Sprintf("w%d", i/len(metrics))
		all[i].labels = labels.FromStrings("__name__", metric, "wan", wan)
	}
	return all
}

// cycle has one value of each series, of one moment.
type cycle struct {
	millis int64
	values []float64
}

// source makes the cycles of a load.
type source struct {
	load
	millis int64
	random *rand.Rand
}

func newSource(l load) *source {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return &source{load: l, millis: start.UnixMilli(), random: rand.New(rand.NewPCG(1, 2))}
}

// seconds makes the cycles of n seconds, a batch each.
func (s *source) seconds(n int) [][]cycle {
	cycles := make([]cycle, n*s.rate)
	for i := range cycles {
		s.millis += 1000 / int64(s.rate)
		cycles[i] = cycle{s.millis, s.values()}
	}
	return slices.Collect(slices.Chunk(cycles, s.rate))
}

func (s *source) values() []float64 {
	values := make([]float64, s.series)
	for i := range values {
		values[i] = float64(20_000_000+s.random.Int64N(5_000_000)) / 1e6
		if i%len(metrics) >= 5 {
			values[i] = float64(s.random.IntN(4))
		}
	}
	return values
}
