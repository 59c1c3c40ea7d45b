package repo_test

import (
	"fmt"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// recordHours records a sample a second for some hours, rolled up but for the last of them.
func recordHours(t *testing.T, w *repo.Writer, series *repo.Series, hours int) {
	t.Helper()
	var batch []repo.Sample
	for i := range hours * 3600 {
		ts := start + repo.Micros(i)*second
		batch = append(batch, repo.Sample{Series: series, TS: ts, Value: float64(10 + i%7)})
	}
	add(t, w, batch...)
	rollUpAll(t, w, start+repo.Micros(hours)*hour)
}

// Whatever becomes of a bucket or its sketch by hand, a sketch never counts that does not have all
// samples, also when as many join the bucket as it lacks.
func TestSketchesByHand(t *testing.T) {
	first := fmt.Sprintf("DELETE FROM rollups WHERE ts = %d", start)
	for name, test := range map[string]struct {
		statement string
		want      uint64 // samples of the sketch, once another one has joined the bucket
	}{
		"nothing":           {"SELECT 1", 61},
		"no sketch":         {"DELETE FROM sketches WHERE id = %d", 0},
		"another sketch":    {"UPDATE sketches SET sketch = x'000004' WHERE id = %d", 0},
		"no bytes":          {"UPDATE sketches SET sketch = x'' WHERE id = %d", 0},
		"no sketch at all":  {"UPDATE sketches SET sketch = x'ff' WHERE id = %d", 0},
		"unsound":           {"UPDATE sketches SET chk = chk + 1 WHERE id = %d", 0},
		"bucket and sketch": {"DELETE FROM sketches WHERE id = %d; " + first, 1},
		"bucket":            {first, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := filetest.Path(t)
			w, series := open(t, path), newSeries("rtt")
			recordHours(t, w, series, 1)
			id := (10*1+1)*1_000_000_000 + int64(start)/60_000_000
			statement := test.statement
			if name != "nothing" && name != "bucket" {
				statement = fmt.Sprintf(statement, id)
			}
			filetest.Exec(t, path, statement)
			add(t, w, repo.Sample{Series: series, TS: start + 1, Value: 3})
			wantSketched(t, path, 1, repo.Minute, start, test.want)
			for i := range 59 { // as many as the bucket had, if it is gone
				add(t, w, repo.Sample{Series: series, TS: start + 2 + repo.Micros(i), Value: 3})
			}
			if test.want > 0 {
				test.want += 59
			}
			wantSketched(t, path, 1, repo.Minute, start, test.want)
		})
	}
}

// A sketch that is not sound leaves its bucket without percentiles, and nothing else, and is told
// of.
func TestUnsoundSketch(t *testing.T) {
	path := filetest.Path(t)
	w, series := open(t, path), newSeries("rtt")
	recordHours(t, w, series, 1)
	filetest.Exec(t, path,
		"UPDATE sketches SET chk = chk + 1 WHERE id IN (SELECT min(id) FROM sketches)")
	wantSketched(t, path, 1, repo.Minute, start, 0)
	wantSketched(t, path, 1, repo.Minute, start+60*second, 60)
	walk(t, w)
	want := repo.Unsound{Table: "sketches", Granularity: "1m", Rows: 1, From: start, Until: start}
	if got := w.Unsound(); len(got) != 1 || got[0] != want {
		t.Errorf("told of %v, want %v", got, want)
	}
}

// Sketches go with their buckets, and so do those that have none.
func TestSweepSketches(t *testing.T) {
	path := filetest.Path(t)
	w, series := open(t, path), newSeries("rtt")
	recordHours(t, w, series, 2)
	const orphans = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
		INSERT INTO sketches (id, sketch) SELECT 11000000000 + i, x'' FROM n`
	filetest.Exec(t, path, orphans)
	filetest.Exec(t, path, fmt.Sprintf(
		"UPDATE tiers SET floor = %d WHERE granularity IN ('raw', '1m')", start+hour))
	var sweep repo.Sweep
	steps := 0
	for more := true; more; steps++ {
		var deleted int64
		var err error
		deleted, more, err = w.SweepRollups(t.Context(), repo.Minute, &sweep)
		must(t, err)
		if deleted > 60 {
			t.Errorf("%d buckets deleted, want 60", deleted)
		}
	}
	if steps != 3 {
		t.Errorf("%d steps, want 3", steps)
	}
	for statement, want := range map[string]int64{
		"SELECT count(*) FROM sketches WHERE id < 12000000000":        60,
		"SELECT count(*) FROM rollups WHERE granularity = '1m'":       60,
		"SELECT count(*) FROM sketches WHERE id > 12000000000":        26,
		"SELECT count(*) FROM rollups WHERE NOT (granularity = '1m')": 26,
	} {
		if got := filetest.Int(t, path, statement); got != want {
			t.Errorf("%s: %d, want %d", statement, got, want)
		}
	}
}

// A sample that stands for others leaves its buckets without percentiles, in every tier, whether it
// comes before they are rolled up or after that.
func TestAggregatedSample(t *testing.T) {
	for name, late := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			path := filetest.Path(t)
			w, series := open(t, path), newSeries("rtt")
			one := repo.Sample{Series: series, TS: start, Value: 5, Aggregated: true}
			if !late {
				add(t, w, one)
			}
			for i := range 7200 {
				add(t, w, repo.Sample{Series: series, TS: start + 1 + repo.Micros(i)*second, Value: 5})
				if i%1800 == 0 {
					rollUpAll(t, w, start+repo.Micros(i)*second)
				}
			}
			rollUpAll(t, w, start+2*hour)
			if late {
				add(t, w, one)
			}
			add(t, w, repo.Sample{Series: series, TS: start + 2, Value: 6})
			wantSketched(t, path, 1, repo.Minute, start, 0)
			wantSketched(t, path, 1, repo.Minute, start+60*second, 60)
			wantSketched(t, path, 1, repo.FiveMinutes, start, 0)
			wantSketched(t, path, 1, repo.FiveMinutes, start+300*second, 300)
			wantSketched(t, path, 1, repo.Hour, start, 0)
			wantSketched(t, path, 1, repo.Hour, start+hour, 3600)
		})
	}
}
