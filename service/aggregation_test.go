package service_test

import (
	"bytes"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/service"
)

// zone is a state that wanctl records.
const zone = "wanctl_wan_zone"

// aged is a history of a state, rolled up as far as it goes: three hours by the second, of which
// raw samples of the last one are left.
type aged struct {
	path string
	end  time.Time
}

func newAged(t *testing.T, aggregation service.Aggregation) aged {
	t.Helper()
	a := aged{path: filetest.Path(t),
		end: time.Now().Add(-time.Minute).Truncate(time.Hour).Add(10 * time.Minute)}
	if a.end.After(time.Now()) {
		a.end = a.end.Add(-time.Hour)
	}
	options := quiet()
	options.TrustClock, options.Now = true, func() time.Time { return a.end }
	shut(t, open(t, service.Config{DBPath: a.path, Keep1m: 2 * time.Hour}, options))
	for _, wan := range []string{"a", "b"} {
		filetest.Exec(t, a.path,
			"INSERT INTO series (metric_name, wan_name, labels, aggregation) VALUES ('"+
				zone+"', '"+wan+"', '{}', '"+string(aggregation)+"')")
	}
	w := open(t, service.Config{DBPath: a.path}, options)
	for _, wan := range []string{"a", "b"} {
		write(t, w, run(series(t, w, zone, wan, nil), 3*3600, a.end, time.Second)...)
	}
	_, err := w.Maintain(t.Context())
	must(t, err)
	shut(t, w)
	return a
}

func (a aged) open(t *testing.T) *service.Writer {
	t.Helper()
	options := quiet()
	options.TrustClock, options.Now = true, func() time.Time { return a.end }
	return open(t, service.Config{DBPath: a.path}, options)
}

// points returns what the history has, in points of a width.
func (a aged) points(t *testing.T, step time.Duration) map[string]service.Point {
	t.Helper()
	points := map[string]service.Point{}
	query := service.Query{From: a.end.Add(-4 * time.Hour), Until: a.end.Add(time.Hour), Step: step}
	for p, err := range history(t, a.path).Range(t.Context(), query) {
		must(t, err)
		points[p.WAN+p.Time.Format(time.RFC3339Nano)] = p
	}
	return points
}

// A metric that was averaged and is a state can be corrected: what is still raw as if it had been a
// state all the time, and older buckets keep their value.
func TestCorrectAnAverageToAState(t *testing.T) {
	right, wrong := newAged(t, service.Mode), newAged(t, service.Average)
	steps := []time.Duration{0, time.Minute, 5 * time.Minute, time.Hour}
	before := map[time.Duration]map[string]service.Point{}
	for _, step := range steps {
		before[step] = wrong.points(t, step)
	}
	for again := range 2 {
		w := wrong.open(t)
		changed, err := w.SetAggregation(t.Context(), zone, service.Mode)
		must(t, err)
		if want := 2 * (1 - again); changed != want {
			t.Errorf("%d series changed, want %d", changed, want)
		}
		shut(t, w)
	}
	edge := wrong.end.Add(-time.Hour) // where raw samples begin, give or take a bucket
	for _, step := range steps {
		got, corrected, kept := wrong.points(t, step), 0, 0
		for key, want := range right.points(t, step) {
			p, ok := got[key]
			width := max(p.Granularity.Bucket(), step)
			switch {
			case !ok || p.Count != want.Count || p.Aggregation != service.Mode:
				t.Fatalf("step %s, %s: got %+v, want %d samples", step, key, p, want.Count)
			case !p.Time.Before(edge.Add(time.Minute).Add(width)):
				corrected++
				if p.Value != want.Value || p.Min != want.Min || p.Max != want.Max {
					t.Errorf("step %s, %s: got %+v, want %+v", step, key, p, want)
				}
			case !p.Time.Add(width).After(edge.Add(-width)):
				kept++
				if old := before[step][key]; step <= p.Granularity.Bucket() &&
					math.Abs(p.Value-old.Value) > 1e-9 {
					t.Errorf("step %s, %s: %v was %v", step, key, p.Value, old.Value)
				}
			}
		}
		if corrected == 0 && step < time.Hour || kept == 0 {
			t.Errorf("step %s: %d points corrected and %d kept", step, corrected, kept)
		}
	}
	status, err := history(t, wrong.path).Status(t.Context())
	must(t, err)
	if status.Check != "ok" || len(history(t, wrong.path).Unsound()) > 0 {
		t.Errorf("the file after it: %s", status.Check)
	}
}

// A state that is none goes back to what it would have been.
func TestCorrectAStateToAnAverage(t *testing.T) {
	right, wrong := newAged(t, service.Average), newAged(t, service.Mode)
	w := wrong.open(t)
	if changed, err := w.SetAggregation(t.Context(), zone, service.Average); err != nil ||
		changed != 2 {
		t.Errorf("%d series, %v, want 2", changed, err)
	}
	shut(t, w)
	for _, step := range []time.Duration{0, time.Minute, 5 * time.Minute, time.Hour} {
		got := wrong.points(t, step)
		for key, want := range right.points(t, step) {
			p := got[key]
			if p.Count != want.Count || math.Abs(p.Value-want.Value) > 1e-9 || p.Min != want.Min ||
				p.Max != want.Max || p.Aggregation != service.Average {
				t.Errorf("step %s, %s: got %+v, want %+v", step, key, p, want)
			}
		}
	}
}

// A file in which a metric of wanctl was averaged by a program that did not know it opens, takes
// what comes, says so, and another writer goes on beside a correction.
func TestRecordingBesideACorrection(t *testing.T) {
	a := newAged(t, service.Average)
	var said bytes.Buffer
	options := quiet()
	options.Logger = slog.New(slog.NewTextHandler(&said, nil))
	w := open(t, service.Config{DBPath: a.path}, options)
	if !strings.Contains(said.String(), "wanstore maintain --mode "+zone) {
		t.Errorf("it says %q, want what corrects it", said.String())
	}
	s := series(t, w, zone, "a", nil)
	now := time.Now()
	write(t, w, numbered(s, 1, 1)...)
	other, err := repo.OpenWriter(t.Context(), a.path, repo.SynchronousNormal)
	must(t, err)
	_, err = other.SetAggregation(t.Context(), zone, repo.Mode)
	must(t, err)
	must(t, other.Close())
	write(t, w, service.Sample{Series: s, Time: now, Value: 3})
	write(t, w, service.Sample{Series: series(t, w, zone, "new", nil), Time: now, Value: 3})
	if got := w.Status().Refused.Total(); got > 0 {
		t.Errorf("%d samples refused", got)
	}
	got := filetest.Query(t, a.path, "SELECT DISTINCT aggregation FROM series")
	if len(got) != 1 || got[0][0] != "mode" {
		t.Errorf("aggregations %v, want mode alone", got)
	}
}
