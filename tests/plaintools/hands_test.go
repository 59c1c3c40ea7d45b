package plaintools

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// hands are those who change what is recorded. What they write counts.
func hands() []tool {
	return []tool{
		{name: "series renamed", use: rename, once: true},
		{name: "sum updated", use: updateSum, once: true},
		{name: "buckets inserted", use: insertBuckets, once: true},
		{name: "series inserted", use: insertSeries, once: true},
		{name: "buckets deleted", use: deleteBuckets, once: true},
		{name: "states deleted", use: deleteStates, once: true},
		{name: "all at once", use: allHands, once: true},
	}
}

func allHands(t *testing.T, w *world) {
	t.Helper()
	rename(t, w)
	updateSum(t, w)
	insertBuckets(t, w)
	insertSeries(t, w)
	deleteBuckets(t, w)
	deleteStates(t, w)
}

// byHand runs statements in one transaction: whether it has to be tried again or not, they are done
// once.
func (w *world) byHand(t *testing.T, statements ...string) string {
	t.Helper()
	return w.shell.run(t, w.path, "BEGIN IMMEDIATE;\n"+strings.Join(statements, "\n")+"\nCOMMIT;")
}

func rename(t *testing.T, w *world) {
	t.Helper()
	w.byHand(t, "UPDATE series SET wan_name = 'cable' WHERE wan_name = '"+renamed+"';")
	w.oracle.edits = append(w.oracle.edits, func(p planned) (planned, bool) {
		if p.wan == renamed {
			p.wan = "cable"
		}
		return p, true
	})
}

// bucketTiers are the tiers that have buckets.
var bucketTiers = []service.Granularity{service.Minute, service.FiveMinutes, service.Hour}

// bucketOf is where a tier has a moment.
func bucketOf(g service.Granularity, at time.Time) int64 {
	return at.Truncate(g.Bucket()).UnixMicro()
}

// updateSum says of a sample of 13 that it was one of 13.5.
func updateSum(t *testing.T, w *world) {
	t.Helper()
	var buckets []string
	for _, g := range bucketTiers {
		bucket := fmt.Sprintf("granularity = '%s' AND ts = %d", g, bucketOf(g, updatedMinute))
		buckets = append(buckets, bucket)
	}
	printed := w.byHand(t, fmt.Sprintf(`UPDATE rollups SET sum = sum + 0.5
		WHERE series_id = (SELECT id FROM series WHERE wan_name = '%s') AND (%s);
		SELECT changes();`, typed, strings.Join(buckets, " OR ")))
	if printed != "3\n" {
		t.Fatalf("changed %s buckets, want one in each of 3 tiers", printed)
	}
	changed := updatedMinute.Add(2 * time.Second)
	w.oracle.edits = append(w.oracle.edits, func(p planned) (planned, bool) {
		if p.wan == typed && p.at.Equal(changed) {
			p.value = 13.5
		}
		return p, true
	})
}

// insertSamples makes three samples, by the buckets that they come to.
func insertSamples(t *testing.T, w *world, wan, metric string) {
	t.Helper()
	into := "rollups (granularity, series_id, ts, count, sum, min, max)"
	cells, values := "3, 45.0, 14.0, 16.0", []float64{14, 15, 16}
	if metric == service.State {
		into = "state_rollups (granularity, series_id, ts, value, count)"
		cells, values = "2.0, 3", []float64{2, 2, 2}
	}
	var statements []string
	for _, g := range bucketTiers {
		statements = append(statements, fmt.Sprintf(`INSERT INTO %s SELECT '%s', id, %d, %s
			FROM series WHERE wan_name = '%s' AND metric_name = '%s';`,
			into, g, bucketOf(g, insertedHour), cells, wan, metric))
	}
	w.byHand(t, statements...)
	for i, value := range values {
		at := insertedHour.Add(time.Duration(i) * time.Second)
		w.oracle.added = append(w.oracle.added, planned{metric, wan, nil, at, value})
	}
}

func insertBuckets(t *testing.T, w *world) {
	t.Helper()
	insertSamples(t, w, typed, service.RTT)
}

// insertSeries makes a measurement and a state that were never recorded.
func insertSeries(t *testing.T, w *world) {
	t.Helper()
	const made = "starlink"
	for metric, aggregation := range map[string]string{service.RTT: "avg", service.State: "mode"} {
		w.byHand(t, fmt.Sprintf(`INSERT INTO series (metric_name, wan_name, labels, aggregation)
			VALUES ('%s', '%s', '{}', '%s');`, metric, made, aggregation))
		insertSamples(t, w, made, metric)
	}
}

// deleteBuckets deletes an hour of a series.
func deleteBuckets(t *testing.T, w *world) {
	t.Helper()
	end := deletedHour.Add(time.Hour)
	w.byHand(t, fmt.Sprintf(`DELETE FROM rollups
		WHERE series_id = (SELECT id FROM series WHERE wan_name = '%s')
		AND ts >= %d AND ts < %d;`,
		doomed, deletedHour.UnixMicro(), end.UnixMicro()))
	w.oracle.edits = append(w.oracle.edits, func(p planned) (planned, bool) {
		return p, p.wan != doomed || p.at.Before(deletedHour) || !p.at.Before(end)
	})
}

// deleteStates deletes state 1 of an hour, and leaves the others of its buckets.
func deleteStates(t *testing.T, w *world) {
	t.Helper()
	w.byHand(t, fmt.Sprintf(`DELETE FROM state_rollups
		WHERE series_id = (SELECT id FROM series WHERE wan_name = '%s')
		AND ts >= %d AND ts < %d AND value = 1;`,
		switched, deletedHour.UnixMicro(), deletedHour.Add(time.Hour).UnixMicro()))
	w.oracle.edits = append(w.oracle.edits, func(p planned) (planned, bool) {
		return p, p.wan != switched || p.value != 1
	})
}

// A series that is being recorded gets another name: what was recorded goes by the new one, and
// what comes by one of the two. No sample is lost or counted twice.
func TestRecordedSeriesRenamed(t *testing.T) {
	w := beside(t)
	w.recorder.await(t, 4)
	w.byHand(t, "UPDATE series SET wan_name = 'mobile' WHERE wan_name = '"+lte+"';")
	w.recorder.await(t, 2*maintainEvery)
	n := w.recorder.stop(t)
	_ = w.reader.stop() // it goes by the names
	w.reader = nil
	must(t, w.recorder.writer.Close(t.Context()))
	checkRenamed(t, w.path, n)
	r, err := openRecorder(t.Context(), w.path, n, slog.New(w.log))
	must(t, err)
	record(t, r, 2*maintainEvery)
	must(t, r.writer.Close(t.Context()))
	w.log.calm(t)
	checkRenamed(t, w.path, n+2*maintainEvery)
	nothingAside(t, w.path)
}

// checkRenamed compares how many samples there are of each metric, whatever the WAN.
func checkRenamed(t *testing.T, path string, batches int) {
	t.Helper()
	want := map[string]int64{}
	for i := range batches {
		for _, p := range plan(i) {
			want[p.metric]++
		}
	}
	for _, p := range past() {
		want[p.metric]++
	}
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer h.Close()
	summaries, err := h.Summarize(t.Context(), everything())
	must(t, err)
	for _, s := range summaries {
		want[s.Metric] -= s.Count
	}
	for metric, missing := range want {
		if missing != 0 {
			t.Errorf("%s: %d samples are missing", metric, missing)
		}
	}
}
