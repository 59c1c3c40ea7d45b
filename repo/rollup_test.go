package repo_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

func TestRollUpCutsADenseMinute(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	fillSeries(t, path, 10)
	fillSamples(t, path, 205_000, 10, start, 2000) // 41 s of 10 series, the last one of states
	want := []step{
		{made: 9 + 7, more: true, watermark: start + 10_000*2000},
		{made: 0, more: true, watermark: start + 20_000*2000},
		{made: 0, more: false, watermark: start.Add(time.Hour)},
	}
	if diff := cmp.Diff(want, rollUp(t, w, repo.Minute, start.Add(time.Hour), 0),
		cmp.AllowUnexported(step{})); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	checkRolledUp(t, path)
}

func TestRollUpLeavesAMinuteOfManySeriesWhole(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	fillSeries(t, path, 2000)
	fillSamples(t, path, 18_000, 2000, start, 1_000_000)
	steps := rollUp(t, w, repo.Minute, start.Add(time.Hour), 0)
	if len(steps) != 1 {
		t.Errorf("9 rows each of 2000 series took %d steps, want 1", len(steps))
	}
	checkRolledUp(t, path)
}

// A large step needs no room beside the history.
func TestRollUpMakesNoTemporaryFile(t *testing.T) {
	if strconv.IntSize < 64 {
		t.Skip("on 32 bits it does: memory is short")
	}
	path := filetest.Path(t)
	w := open(t, path)
	fillSeries(t, path, 10_000)
	fillSamples(t, path, 100_000, 10_000, start, 100)
	before := os.TempDir()
	t.Setenv("TMPDIR", filepath.Join(path, "missing"))
	rollUp(t, w, repo.Minute, start.Add(time.Hour), 0)
	t.Setenv("TMPDIR", before)
	checkRolledUp(t, path)
}

func TestRollUpOfOneMomentLargerThanAStep(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	// The rows count for the size of a step even where nobody knows their series.
	fillSeries(t, path, 10)
	fillSamples(t, path, 100_050, 100_050, start, 1)
	fillSamples(t, path, 10, 10, start+1, 1)
	steps := rollUp(t, w, repo.Minute, start.Add(time.Minute), 0)
	if len(steps) != 2 || steps[0].watermark != start+1 {
		t.Errorf("steps %+v, want two, of which the first takes the one moment", steps)
	}
	if n := filetest.Int(t, path, `SELECT sum(count)
		FROM (SELECT count FROM rollups UNION ALL SELECT count FROM state_rollups)`); n != 20 {
		t.Errorf("%d samples rolled up, want 20", n)
	}
}

// A series of states may have any number of rows in a bucket: a step of the coarser tiers reads
// some of them, and the next one goes on.
func TestRollUpCutsABucketOfManyStates(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	states := newSeries("states")
	states.Aggregation = repo.Mode
	end := start.Add(10 * time.Minute)
	add(t, w, every(10_000, start, end, states)...) // 6,000 states a minute
	steps := rollUpAll(t, w, end)
	// of the 5m tier: what lies before the first sample, and then minutes, which are the least
	want := []repo.Micros{
		start,
		start.Add(time.Minute), start.Add(2 * time.Minute), start.Add(3 * time.Minute),
		start.Add(4 * time.Minute), start.Add(5 * time.Minute),
		start.Add(6 * time.Minute), start.Add(7 * time.Minute), start.Add(8 * time.Minute),
		start.Add(9 * time.Minute), end,
	}
	var got []repo.Micros
	for _, step := range steps[repo.FiveMinutes] {
		got = append(got, step.watermark)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("watermarks after the steps (-want +got):\n%s", diff)
	}
	checkRolledUp(t, path)
}

func TestRollUpTwice(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	states := newSeries("states")
	states.Aggregation = repo.Mode
	add(t, w, every(10e6, start, start.Add(3*time.Hour), newSeries("measured"))...)
	add(t, w, every(10e6, start, start.Add(3*time.Hour), states)...)
	rollUpAll(t, w, start.Add(3*time.Hour))
	before := filetest.Dump(t, path)
	for g, steps := range rollUpAll(t, w, start.Add(3*time.Hour)) {
		if len(steps) != 1 || steps[0].made != 0 {
			t.Errorf("%s again: %+v", g, steps)
		}
	}
	if diff := cmp.Diff(before, filetest.Dump(t, path)); diff != "" {
		t.Errorf("rolling up twice (-once +twice):\n%s", diff)
	}
}

func TestRollUpTakesWholeBuckets(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	end := start.Add(2*time.Hour + 13*time.Minute + 30*time.Second)
	add(t, w, every(10e6, start, end, newSeries("measured"))...)
	rollUpAll(t, w, end)
	tiers := tiersOf(t, w)
	for g, want := range map[repo.Granularity]repo.Micros{
		repo.Minute:      start.Add(2*time.Hour + 13*time.Minute),
		repo.FiveMinutes: start.Add(2*time.Hour + 10*time.Minute),
		repo.Hour:        start.Add(2 * time.Hour),
	} {
		if got := tiers[g].Watermark; got != want {
			t.Errorf("the watermark of %s is %s, want %s", g, got.Time(), want.Time())
		}
	}
	checkRolledUp(t, path)
}

func TestRollUpGrace(t *testing.T) {
	w := open(t, filetest.Path(t))
	add(t, w, every(10e6, start, start.Add(15*time.Minute), newSeries("measured"))...)
	for _, c := range []struct{ now, grace, want time.Duration }{
		{10*time.Minute + 30*time.Second, 45 * time.Second, 9 * time.Minute},
		{10*time.Minute + 44*time.Second, 45 * time.Second, 9 * time.Minute},
		{10*time.Minute + 45*time.Second, 45 * time.Second, 10 * time.Minute},
		// a clock that went back takes nothing back
		{10 * time.Minute, 45 * time.Second, 10 * time.Minute},
	} {
		rollUp(t, w, repo.Minute, start.Add(c.now), c.grace)
		if got := tiersOf(t, w)[repo.Minute].Watermark.Sub(start); got != c.want {
			t.Errorf("at %v with a grace of %v the watermark is at %v, want %v", c.now, c.grace, got, c.want)
		}
	}
}

func TestRollUpOverAGapOfDecades(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	series := newSeries("measured")
	add(t, w, repo.Sample{Series: series, TS: 0, Value: 1},
		repo.Sample{Series: series, TS: start, Value: 2})
	for g, steps := range rollUpAll(t, w, start.Add(2*time.Hour)) {
		if len(steps) > 2 {
			t.Errorf("%s took %d steps for two samples", g, len(steps))
		}
	}
	if n := filetest.Int(t, path, "SELECT count(*) FROM rollups WHERE granularity = '1h'"); n != 2 {
		t.Errorf("%d buckets of an hour, want 2", n)
	}
	checkRolledUp(t, path)
}

var rollups = []repo.Granularity{repo.Minute, repo.FiveMinutes, repo.Hour}

type step struct {
	made      int64
	more      bool
	watermark repo.Micros
}

// rollUp rolls a tier up step by step to its limit. Each step but the last one must move the
// watermark.
func rollUp(
	t *testing.T, w *repo.Writer, to repo.Granularity, now repo.Micros, grace time.Duration,
) []step {
	t.Helper()
	var steps []step
	for {
		before := tiersOf(t, w)[to].Watermark
		made, more, err := w.RollUp(t.Context(), to, now, grace)
		if err != nil {
			t.Fatal(err)
		}
		after := tiersOf(t, w)[to].Watermark
		steps = append(steps, step{made: made, more: more, watermark: after})
		if !more {
			return steps
		}
		if after <= before {
			t.Fatalf("a step of %s did not move its watermark from %s", to, before.Time())
		}
	}
}

func rollUpAll(t *testing.T, w *repo.Writer, now repo.Micros) map[repo.Granularity][]step {
	t.Helper()
	steps := map[repo.Granularity][]step{}
	for _, to := range rollups {
		steps[to] = rollUp(t, w, to, now, 0)
	}
	return steps
}

// checkRolledUp compares each tier with the raw samples of a file that has lost none and holds
// whole numbers only.
func checkRolledUp(t *testing.T, path string) {
	t.Helper()
	for _, g := range rollups {
		if filetest.Int(t, path, "SELECT watermark FROM tiers WHERE granularity = ?", g.String()) == 0 &&
			filetest.Int(t, path, "SELECT count(*) FROM rollups WHERE granularity = ?", g.String()) == 0 {
			continue // not begun
		}
		want := filetest.Query(t, path, `
			SELECT r.series_id, r.ts / ?1 * ?1 AS bucket, count(*), sum(r.value), min(r.value), max(r.value)
			FROM `+filetest.RawSamples+` AS r JOIN series AS s ON s.id = r.series_id
			WHERE s.aggregation = 'avg' AND r.ts < (SELECT watermark FROM tiers WHERE granularity = ?2)
			GROUP BY r.series_id, bucket ORDER BY r.series_id, bucket`,
			g.Bucket().Microseconds(), g.String())
		got := filetest.Query(t, path, `
			SELECT series_id, ts, count, sum, min, max FROM rollups WHERE granularity = ?
			ORDER BY series_id, ts`, g.String())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("buckets of %s (-raw +rolled up):\n%s", g, diff)
		}
		want = filetest.Query(t, path, `
			SELECT r.series_id, r.ts / ?1 * ?1 AS bucket, r.value, count(*)
			FROM `+filetest.RawSamples+` AS r JOIN series AS s ON s.id = r.series_id
			WHERE s.aggregation = 'mode' AND r.ts < (SELECT watermark FROM tiers WHERE granularity = ?2)
			GROUP BY r.series_id, bucket, r.value ORDER BY r.series_id, bucket, r.value`,
			g.Bucket().Microseconds(), g.String())
		got = filetest.Query(t, path, `
			SELECT series_id, ts, value, count FROM state_rollups WHERE granularity = ?
			ORDER BY series_id, ts, value`, g.String())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("states of %s (-raw +rolled up):\n%s", g, diff)
		}
	}
}
