package browser

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wanstore/wanstore/api"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

// store is a history that is being written, and a server that shows it.
type store struct {
	path   string
	writer *service.Writer
	url    string
	// of what was recorded at first: a while ago, so that what comes then is apart from it
	end time.Time

	mu    sync.Mutex
	asked []http.Request // questions for points, in their order
}

var shown = []string{service.RTT, service.RTTBaseline, service.RateDownload, service.RateUpload,
	service.State, service.LossRatio}

// newStore records two WANs for so long, of which one was silent for a while.
func newStore(t *testing.T, long time.Duration, options api.Options) *store {
	t.Helper()
	s := newEmptyStore(t, options)
	s.fill(t, long)
	return s
}

// newEmptyStore makes a history without samples.
func newEmptyStore(t *testing.T, options api.Options) *store {
	t.Helper()
	s := &store{path: filetest.Path(t), end: time.Now().Add(-10 * time.Second).Truncate(time.Second)}
	var err error
	s.writer, err = service.OpenWriter(t.Context(), service.Config{DBPath: s.path, RetentionDays: 365},
		service.Options{Logger: slog.New(slog.DiscardHandler), NoMaintenance: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.writer.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	s.serve(t, options)
	return s
}

// recorded is a series with a value from one moment until another.
type recorded struct {
	metric, wan string
	labels      service.Labels
	value       float64
	from, until time.Duration // before the end of the store
}

// record records one sample in ten seconds, and rolls them up.
func (s *store) record(t *testing.T, list ...recorded) {
	t.Helper()
	var samples []service.Sample
	for _, one := range list {
		series, err := s.writer.Series(one.metric, one.wan, one.labels)
		if err != nil {
			t.Fatal(err)
		}
		for ago := one.from; ago > one.until; ago -= 10 * time.Second {
			// a little up and down, so that there is a band
			value := one.value
			if one.metric == service.RTT {
				value += math.Abs(math.Sin(ago.Seconds() * 7))
			}
			samples = append(samples,
				service.Sample{Series: series, Time: s.end.Add(-ago), Value: value})
		}
	}
	slices.SortStableFunc(samples, func(a, b service.Sample) int { return a.Time.Compare(b.Time) })
	if err := s.writer.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *store) fill(t *testing.T, long time.Duration) {
	t.Helper()
	var samples []service.Sample
	for ago := long; ago >= 0; ago -= 10 * time.Second {
		if ago > 15*time.Minute && ago%time.Minute != 0 { // it takes long enough under the race detector
			continue
		}
		at := s.end.Add(-ago)
		samples = append(samples, s.moment(t, "cable", at, 18)...)
		if ago < 4*time.Minute || ago > 6*time.Minute && ago < 2*time.Hour || ago > 150*time.Minute {
			samples = append(samples, s.moment(t, "dsl", at, 31)...)
		}
	}
	if err := s.writer.Write(t.Context(), samples...); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// moment makes up what a controller would record at one moment.
func (s *store) moment(t *testing.T, wan string, at time.Time, base float64) []service.Sample {
	t.Helper()
	x := float64(at.Unix())
	load := 0.5 + 0.4*math.Sin(x/700) + 0.1*math.Sin(x/31)
	delta := 90 * math.Pow(load, 6)
	state := 0.0
	for _, limit := range []float64{15, 45, 80} {
		if delta > limit {
			state++
		}
	}
	lost := 0.0
	if at.Unix()/10%9 == 0 {
		lost = 1
	}
	var samples []service.Sample
	for i, v := range []float64{base + delta + math.Abs(math.Sin(x)), base, 300 * load,
		30 * (1 - load), state, lost} {
		series, err := s.writer.Series(shown[i], wan, nil)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, service.Sample{Series: series, Time: at, Value: v})
	}
	return samples
}

func (s *store) serve(t *testing.T, options api.Options) {
	t.Helper()
	options.Path = s.path
	answers := api.New(options)
	handler := answers.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics/history" {
			s.mu.Lock()
			s.asked = append(s.asked, *r)
			s.mu.Unlock()
		}
		handler.ServeHTTP(w, r)
	}))
	s.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if err := answers.Close(); err != nil {
			t.Error(err)
		}
	})
}

// steps are those that were asked for so far, in their order.
func (s *store) steps() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var steps []string
	for _, r := range s.asked {
		steps = append(steps, r.URL.Query().Get("step"))
	}
	return steps
}

// points reads from the file what the page should show, by WAN and metric: the time of each point
// and the columns of its figure.
func (s *store) points(
	t *testing.T, from, until time.Time, step time.Duration,
) map[string][][]float64 {
	t.Helper()
	history, err := service.OpenHistory(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	points := map[string][][]float64{}
	query := service.Query{Filter: service.Filter{Metrics: shown}, From: from, Until: until,
		Step: step, Quantiles: true}
	// as the page asks: the order in which a mean is summed shows in its last digit
	query.NewestFirst = true
	for p, err := range history.Range(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		key := p.WAN + " " + p.Metric
		at := float64(p.Time.UnixMicro()) / 1e6
		points[key] = append(points[key], append([]float64{at}, columnsOf(p)...))
	}
	for _, list := range points {
		slices.Reverse(list)
	}
	return points
}

// columnsOf is what is drawn of a point: the line, and the edges of its bands.
func columnsOf(p service.Point) []float64 {
	quantile := func(q float64) float64 {
		value, _ := p.Quantile(q)
		return value
	}
	switch p.Metric {
	case service.RTT:
		return []float64{quantile(0.5), p.Min, p.Max, quantile(0.95), quantile(0.99)}
	case service.RTTBaseline, service.LossRatio:
		return []float64{p.Value}
	case service.State:
		return []float64{p.Value, p.Max}
	default:
		return []float64{p.Value, p.Min, p.Max}
	}
}

// plotted reads, in the page, the columns that the charts draw.
const plotted = `Object.fromEntries([...wanstore.cards.values()].flatMap((card) =>
	card.charts.flatMap((chart) => {
	let column = 1;
	return chart.list.map((series) => {
		const columns = chart.figure.columns(series).map(() => chart.plot.data[column++]);
		const points = [];
		chart.plot.data[0].forEach((at, i) => {
			if (columns[0][i] != null) points.push([at, ...columns.map((values) => values[i])]);
		});
		return [card.wan + " " + series.metric, points];
	});
})))`
