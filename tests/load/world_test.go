package load

import (
	"context"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// leastHistory is the time of the file that even a short load goes through, so that there is
// something to roll up and delete.
const leastHistory = 2 * time.Minute

// world is a writer under load. Its clock runs as fast as it takes to get through leastHistory.
type world struct {
	path   string
	writer *service.Writer
	length time.Duration
	begun  time.Time
	speed  float64
	stop   chan struct{}
}

func newWorld(t *testing.T, length time.Duration) *world {
	t.Helper()
	w := &world{
		path: filetest.Path(t), length: length, begun: time.Now(), stop: make(chan struct{}),
		speed: max(1, leastHistory.Seconds()/length.Seconds()),
	}
	var err error
	w.writer, err = service.OpenWriter(t.Context(), service.Config{
		DBPath: w.path, KeepRaw: time.Minute, Keep1m: 5 * time.Minute, Keep5m: time.Hour,
		MaintenanceInterval: 500 * time.Millisecond,
	}, service.Options{Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: w.now,
		TrustClock: true})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) now() time.Time {
	return w.begun.Add(time.Duration(float64(time.Since(w.begun)) * w.speed))
}

func (w *world) flush(t *testing.T) {
	t.Helper()
	if err := w.writer.Flush(t.Context()); err != nil {
		t.Error(err)
	}
}

func (w *world) close(t *testing.T) {
	t.Helper()
	if err := w.writer.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// checkCounts compares what was recorded with what the file has, series by series.
func (w *world) checkCounts(t *testing.T, sent sent) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), w.path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	stored := map[string]int64{}
	tiers := map[service.Granularity]int64{}
	query := service.Query{From: w.begun.Add(-time.Hour), Until: w.now().Add(time.Hour)}
	for point, err := range h.Range(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		stored[point.WAN] += point.Count
		tiers[point.Granularity] += point.Count
	}
	t.Logf("in the file: %v", tiers)
	if !maps.Equal(stored, sent.bySeries) {
		t.Errorf("the file has %d series, of %d that were recorded, with other counts", len(stored),
			len(sent.bySeries))
	}
	if tiers[service.Minute] == 0 {
		t.Error("nothing has been deleted: maintenance had too little to do")
	}
}
