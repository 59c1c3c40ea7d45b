package service_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// shape is what the points of a tier come to.
type shape struct{ Points, Samples int64 }

// What a file of an earlier version has in each tier is answered when it has been opened, and the
// log says what was done.
func TestRebuiltHistory(t *testing.T) {
	path := filetest.Path(t)
	statements, _ := filetest.OldHistory(300)
	filetest.Old{Version: 2, Sums: true}.Make(t, path, statements)
	tiers := []service.Granularity{service.Raw, service.Minute, service.FiveMinutes, service.Hour}
	want := map[string]shape{}
	for _, g := range tiers {
		want[g.String()] = oldShape(t, path, g)
	}
	var log bytes.Buffer
	options := quiet()
	options.Logger, options.NoMaintenance = slog.New(slog.NewTextHandler(&log, nil)), true
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, options)
	must(t, err)
	got := map[string]shape{}
	for _, g := range tiers {
		got[g.String()] = newShape(t, path, g)
	}
	must(t, w.Close(t.Context()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the history answers otherwise (-want +got):\n%s", diff)
	}
	if text := log.String(); strings.Count(text, "being brought up to date") != 1 ||
		strings.Count(text, "was brought up to date") != 1 {
		t.Errorf("the log says %s", text)
	}
}

// oldShape asks the tables of the old file. What lies below a floor does not count.
func oldShape(t *testing.T, path string, g service.Granularity) shape {
	t.Helper()
	rows := filetest.Query(t, path, `
		SELECT count(*), CAST(total(count) AS INTEGER) FROM (
			SELECT series_id, ts, 1 AS count, 'raw' AS granularity FROM raw_samples
			UNION ALL
			SELECT series_id, ts, count, granularity FROM rollups
			UNION ALL
			SELECT series_id, ts, sum(count), granularity FROM state_rollups
			GROUP BY granularity, series_id, ts
		) AS all_rows
		JOIN tiers ON tiers.granularity = all_rows.granularity
		WHERE tiers.granularity = ? AND all_rows.ts >= tiers.floor`, g.String())
	points, _ := rows[0][0].(int64)
	samples, _ := rows[0][1].(int64)
	return shape{points, samples}
}

func newShape(t *testing.T, path string, g service.Granularity) (s shape) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer h.Close()
	query := service.Query{From: time.Unix(0, 0), Until: time.Unix(2_000_000_000, 0), Only: &g}
	for point, err := range h.Range(t.Context(), query) {
		must(t, err)
		s.Points++
		s.Samples += point.Count
	}
	return s
}
