package repo_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3/driver"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

func TestSweepSamplesOfOneMoment(t *testing.T) {
	for _, c := range []struct {
		rows int
		want []int64
	}{
		{0, []int64{0}},
		{10_000, []int64{10_000}},
		{10_050, []int64{10_000, 50}},
	} {
		t.Run(strconv.Itoa(c.rows), func(t *testing.T) {
			path := filetest.Path(t)
			w := open(t, path)
			if c.rows > 0 {
				fillSamples(t, path, c.rows, c.rows, start, 1)
			}
			fillSamples(t, path, 20, 10, start+1, 1)
			setFloor(t, path, repo.Raw, start+1)
			if diff := cmp.Diff(c.want, sweepSamples(t, w)); diff != "" {
				t.Errorf("deleted a step (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([][]any{{int64(start + 1), int64(10)}, {int64(start + 2), int64(10)}},
				filetest.Query(t, path, "SELECT ts, count(*) FROM raw_samples GROUP BY ts")); diff != "" {
				t.Errorf("survivors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSweepRollupsSeriesBySeries(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	fillSeries(t, path, 1100) // more than a step looks at
	fillBuckets(t, path, "1m", 1100, 12)
	fillBuckets(t, path, "5m", 50, 12)
	setFloor(t, path, repo.Minute, 10)
	want := filetest.Query(t, path, aboveFloors)

	var sweep repo.Sweep
	var total int64
	for steps := 1; ; steps++ {
		before := bucketRows(t, path)
		deleted, more, err := w.SweepRollups(t.Context(), repo.Minute, &sweep)
		if err != nil {
			t.Fatal(err)
		}
		if gone := before - bucketRows(t, path); deleted != gone || deleted > 10_000 {
			t.Errorf("step %d says %d and deleted %d, want the same and 10,000 at most", steps, deleted,
				gone)
		}
		total += deleted
		if !more {
			break
		}
		if steps == 10 {
			t.Fatal("the sweep does not end")
		}
	}
	if total != 1100*10 {
		t.Errorf("%d buckets deleted, want %d", total, 1100*10)
	}
	if diff := cmp.Diff(want, filetest.Query(t, path, aboveFloors)); diff != "" {
		t.Errorf("what is not below the floor of 1m (-before +after):\n%s", diff)
	}
}

func TestSweepOfABucketWithManyStates(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	fillSeries(t, path, 10)
	filetest.Exec(t, path, `
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10050)
		INSERT INTO state_rollups (granularity, series_id, ts, value, count)
		SELECT '1m', 10, 1, i, 1 FROM n`)
	filetest.Exec(t, path, `
		INSERT INTO state_rollups (granularity, series_id, ts, value, count)
		VALUES ('1m', 10, 2, 1, 1), ('1m', 10, 3, 1, 1)`)
	setFloor(t, path, repo.Minute, 3)
	var sweep repo.Sweep
	var total int64
	for more := true; more; {
		deleted, again, err := w.SweepRollups(t.Context(), repo.Minute, &sweep)
		if err != nil {
			t.Fatal(err)
		}
		if again && deleted == 0 {
			t.Fatal("a step in which nothing is deleted and no series is passed")
		}
		total, more = total+deleted, again
	}
	if n := bucketRows(t, path); total != 10_051 || n != 1 {
		t.Errorf("%d states deleted and %d left, want 10051 and 1", total, n)
	}
}

// A sweep that has come to its end is done again when the floor is ten minutes higher, by another
// writer at once.
func TestSweepAgain(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	fillSeries(t, path, 2)
	const minute = repo.Micros(time.Minute / time.Microsecond)
	sweep := func(w *repo.Writer, floor repo.Micros) int64 {
		t.Helper()
		filetest.Exec(t, path, fmt.Sprintf(`INSERT OR IGNORE INTO rollups
			(granularity, series_id, ts, count, sum, min, max) VALUES ('1m', 1, %d, 1, 1, 1, 1)`,
			floor-minute))
		setFloor(t, path, repo.Minute, floor)
		deleted, more, err := w.SweepRollups(t.Context(), repo.Minute, new(repo.Sweep))
		if err != nil || more {
			t.Fatalf("more %v, %v", more, err)
		}
		return deleted
	}
	for _, step := range []struct {
		floor repo.Micros
		want  int64
	}{
		{20, 1}, {21, 0}, {29, 0}, {30, 3}, {39, 0}, {1000, 2},
	} {
		if n := sweep(w, step.floor*minute); n != step.want {
			t.Errorf("%d buckets deleted at minute %d, want %d", n, step.floor, step.want)
		}
	}
	if n := sweep(w, 1001*minute); n != 0 {
		t.Errorf("%d buckets deleted at minute 1001, want 0", n)
	}
	if n := sweep(open(t, path), 1001*minute); n != 1 {
		t.Errorf("another writer deleted %d buckets, want 1", n)
	}
}

// Whatever the floors, a sweep deletes what is below them and nothing else.
func TestSweepProperty(t *testing.T) {
	path := filetest.Path(t)
	open(t, path)
	fillSeries(t, path, 10)
	ctx := t.Context()
	pool, err := driver.Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	view, err := filetest.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer view.Close()
	rapid.Check(t, func(t *rapid.T) {
		moments := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 20).Draw(t, "moments")
		floors := rapid.SliceOfN(rapid.IntRange(0, 21), 4, 4).Draw(t, "floors")
		script := "BEGIN; DELETE FROM raw_samples; DELETE FROM raw_blocks; DELETE FROM rollups; DELETE " +
			"FROM state_rollups;"
		for i, ts := range moments {
			g := []string{"1m", "5m", "1h"}[i%3]
			script += fmt.Sprintf(`
				INSERT OR IGNORE INTO raw_samples (ts, series_id, value) VALUES (%[1]d, %[2]d, 1);
				INSERT OR IGNORE INTO raw_blocks (id, last_ts, count, payload)
				VALUES (%[4]d + %[1]d, %[1]d + %[2]d, 2, '[{"t":[0,%[2]d],"v":{"%[5]d":1}}]');
				INSERT OR IGNORE INTO rollups (granularity, series_id, ts, count, sum, min, max)
				VALUES ('%[3]s', %[2]d, %[1]d, 1, 1, 1, 1);
				INSERT OR IGNORE INTO state_rollups (granularity, series_id, ts, value, count)
				VALUES ('%[3]s', 10, %[1]d, %[2]d, 1);`, ts, i%9+1, g, i%2*partKeys, i%2*256+1)
		}
		for i, g := range repo.Granularities() {
			script += fmt.Sprintf("UPDATE tiers SET floor = %d WHERE granularity = '%s';", floors[i], g)
		}
		if _, err := pool.ExecContext(ctx, script+"COMMIT"); err != nil {
			t.Fatal(err)
		}
		want, err := view.Rows(aboveFloors)
		if err != nil {
			t.Fatal(err)
		}
		w, err := repo.OpenWriter(ctx, path, repo.SynchronousNormal)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if _, more, err := w.SweepSamples(ctx); more || err != nil {
			t.Fatalf("more %v, %v", more, err)
		}
		for _, g := range rollups {
			if _, more, err := w.SweepRollups(ctx, g, new(repo.Sweep)); more || err != nil {
				t.Fatalf("more %v, %v", more, err)
			}
		}
		everything, err := view.Rows(`
			SELECT 'raw', series_id, ts, value FROM raw_samples
			UNION ALL SELECT 'raw', id, last_ts, count FROM raw_blocks
			UNION ALL SELECT granularity, series_id, ts, count FROM rollups
			UNION ALL SELECT granularity, series_id, ts, value FROM state_rollups ORDER BY 1, 2, 3, 4`)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, everything); diff != "" {
			t.Errorf("what is not below a floor, and what is left (-want +got):\n%s", diff)
		}
	})
}

// sweepSamples sweeps to the end and returns how many rows each step has deleted.
func sweepSamples(t *testing.T, w *repo.Writer) []int64 {
	t.Helper()
	var steps []int64
	for {
		deleted, more, err := w.SweepSamples(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps, deleted)
		if !more {
			return steps
		}
		if deleted == 0 {
			t.Fatal("a step deleted nothing and says that there is more")
		}
	}
}

// fillBuckets gives each of the first n series buckets at 0, 1, 2 and so on.
func fillBuckets(t *testing.T, path, granularity string, n, buckets int) {
	t.Helper()
	filetest.Exec(t, path, fmt.Sprintf(`
		CREATE TEMP TABLE new AS
			WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %[1]d * %[2]d)
			SELECT i / %[2]d + 1 AS id, i %% %[2]d AS ts FROM n;
		INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max)
		SELECT '%[3]s', id, ts, 1, id AS sum, id AS min, id AS max FROM new WHERE id %% 10 <> 0;
		INSERT INTO state_rollups (granularity, series_id, ts, value, count)
		SELECT '%[3]s', id, ts, id, 1 FROM new WHERE id %% 10 = 0`, n, buckets, granularity))
}

func bucketRows(t *testing.T, path string) int64 {
	t.Helper()
	return filetest.Int(t, path,
		"SELECT (SELECT count(*) FROM rollups) + (SELECT count(*) FROM state_rollups)")
}

// partKeys is how many keys a part of the blocks has.
const partKeys = 10_000_000_000_000_000

// aboveFloors selects the rows that are not below the floor of their tier, and the blocks that
// reach beyond it.
const aboveFloors = `
	SELECT t.granularity, r.series_id, r.ts, r.value
	FROM raw_samples AS r JOIN tiers AS t ON t.granularity = 'raw'
	WHERE r.ts >= t.floor
	UNION ALL SELECT t.granularity, b.id, b.last_ts, b.count
	FROM raw_blocks AS b JOIN tiers AS t ON t.granularity = 'raw'
	WHERE b.last_ts >= t.floor
	UNION ALL SELECT r.granularity, r.series_id, r.ts, r.count
	FROM rollups AS r JOIN tiers AS t USING (granularity)
	WHERE r.ts >= t.floor
	UNION ALL SELECT r.granularity, r.series_id, r.ts, r.value
	FROM state_rollups AS r JOIN tiers AS t USING (granularity)
	WHERE r.ts >= t.floor ORDER BY 1, 2, 3, 4`
