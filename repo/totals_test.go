package repo_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// hourOfStates makes a file with an hour of a series whose id is 1, in each of its minutes one
// sample in state 0, two in state 1 and three in state 2. Everything is rolled up.
func hourOfStates(t *testing.T) (*repo.Writer, *repo.Series) {
	t.Helper()
	w, series := open(t, filetest.Path(t)), newSeries("state")
	series.Aggregation = repo.Mode
	var samples []repo.Sample
	for minute := range repo.Micros(60) {
		for i, state := range []float64{0, 1, 1, 2, 2, 2} {
			samples = append(samples, repo.Sample{
				Series: series, TS: start + minute*60*second + repo.Micros(i)*second, Value: state,
			})
		}
	}
	add(t, w, samples...)
	rollUpAll(t, w, start+hour)
	return w, series
}

// wrongTotals are the buckets that nobody has touched by hand and whose total is not in one row, or
// not what the rows have.
const wrongTotals = `
	SELECT granularity, series_id, ts, sum(count), sum(total), sum(total <> 0) FROM state_rollups
	GROUP BY granularity, series_id, ts
	HAVING count(chk) = count(*) AND (sum(count) <> sum(total) OR sum(total <> 0) <> 1)`

// states returns the states of the buckets that a tier has of series 1, as they are read, and what
// is told of then.
func states(
	t *testing.T, path string, g repo.Granularity,
) (map[repo.Micros]map[float64]int64, []repo.Unsound) {
	t.Helper()
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	read := map[repo.Micros]map[float64]int64{}
	for row, err := range s.Scan(s.Context(), g, s.Series[:1], repo.Span{Until: math.MaxInt64}) {
		if err != nil {
			t.Fatal(err)
		}
		if read[row.TS] == nil {
			read[row.TS] = map[float64]int64{}
		}
		read[row.TS][row.Min] = row.Count
	}
	return read, r.Unsound()
}

// Whatever joins a bucket, and when, one of its rows has the total.
func TestTotals(t *testing.T) {
	w, series := hourOfStates(t)
	other := newSeries("other")
	other.Aggregation = repo.Mode
	at := func(minute, micros int, state float64) repo.Sample {
		return repo.Sample{
			Series: series, TS: start + repo.Micros(minute)*60*second + 30*second + repo.Micros(micros),
			Value: state,
		}
	}
	add(t, w, at(0, 1, 0))
	add(t, w, at(0, 2, 1), at(0, 3, -7), at(0, 4, math.Copysign(0, -1)), at(7, 5, 9), at(7, 6, 9),
		at(8, 7, -3))
	for i := range 30 {
		add(t, w, at(2*i, 8, float64(i%4-5)))
	}
	// A minute that is cut, half from rows, which were not newer than all that was known.
	add(t, w, at(60, 0, 1), repo.Sample{Series: other, TS: start + hour, Value: 4})
	add(t, w, at(60, -2, 3), at(60, -4, 2), at(60, 9, 2))
	rollUp(t, w, repo.Minute, start+hour+30*second, 0)
	add(t, w, at(60, 11, 1), at(60, 10, 0))
	rollUpAll(t, w, start+2*hour)
	if rows := filetest.Query(t, w.Path(), wrongTotals); len(rows) > 0 {
		t.Errorf("buckets whose total is wrong: %v", rows)
	}
	read, told := states(t, w.Path(), repo.Hour)
	want := map[repo.Micros]map[float64]int64{
		start:        {-7: 1, -5: 8, -4: 8, -3: 8, -2: 7, 0: 62, 1: 121, 2: 180, 9: 2},
		start + hour: {0: 1, 1: 2, 2: 2, 3: 1},
	}
	if diff := cmp.Diff(want, read); diff != "" || len(told) > 0 {
		t.Errorf("told of %v; the hours (-want +got):\n%s", told, diff)
	}
	rows := filetest.Query(t, w.Path(), "SELECT * FROM state_rollups WHERE chk IS NULL")
	if len(rows) > 0 {
		t.Errorf("rows without a check value: %v", rows)
	}
}

// A row of a bucket is lost, which leaves sound ones. The bucket is left out as a whole, whatever
// comes later.
func TestLostState(t *testing.T) {
	for _, g := range []repo.Granularity{repo.Minute, repo.FiveMinutes, repo.Hour} {
		for lost := range 3 {
			t.Run(fmt.Sprintf("%s %d", g, lost), func(t *testing.T) {
				w, series := hourOfStates(t)
				loseState(t, w.Path(),
					fmt.Sprintf("granularity = '%s' AND ts = %d AND value = %d", g, start, lost))
				leavesOut(t, w, g, 60/int(g.Bucket()/time.Minute)-1)
				add(t, w, repo.Sample{Series: series, TS: start + 1, Value: float64(lost)})
				add(t, w, repo.Sample{Series: series, TS: start + 2, Value: float64((lost + 1) % 3)})
				add(t, w, repo.Sample{Series: series, TS: start + 3, Value: -1})
				leavesOut(t, w, g, 60/int(g.Bucket()/time.Minute)-1)
			})
		}
	}
}

// loseState deletes rows without the trigger that takes note of hands.
func loseState(t *testing.T, path, where string) {
	t.Helper()
	const trigger = "SELECT sql FROM sqlite_schema WHERE name = 'state_rollups_deleted_by_hand'"
	text := filetest.Query(t, path, trigger)[0][0]
	filetest.Exec(t, path,
		fmt.Sprintf("DROP TRIGGER state_rollups_deleted_by_hand; DELETE FROM state_rollups WHERE %s; %s",
			where, text))
}

// leavesOut says that the first bucket of a tier is left out and told of, in reading and by a walk,
// and no other one.
func leavesOut(t *testing.T, w *repo.Writer, g repo.Granularity, left int) {
	t.Helper()
	want := []repo.Unsound{{Table: "state_rollups", Granularity: g.String(), Rows: 1, From: start,
		Until: start}}
	read, told := states(t, w.Path(), g)
	if len(read) != left || read[start] != nil {
		t.Errorf("%d buckets are read, want %d and not the first one: %v", len(read), left, read[start])
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("in reading, told of (-want +got):\n%s", diff)
	}
	walk(t, w)
	if diff := cmp.Diff(want, w.Unsound()); diff != "" {
		t.Errorf("by a walk, told of (-want +got):\n%s", diff)
	}
}

// What is rolled up is whole buckets, beside one that has lost a row, one that has an unsound row
// and one that somebody has changed.
func TestRollUpOfLostStates(t *testing.T) {
	w, series := open(t, filetest.Path(t)), newSeries("state")
	series.Aggregation = repo.Mode
	for minute := range repo.Micros(10) {
		at := start + minute*60*second
		add(t, w, repo.Sample{Series: series, TS: at, Value: 1},
			repo.Sample{Series: series, TS: at + 1, Value: 2},
			repo.Sample{Series: series, TS: at + 2, Value: 2})
	}
	rollUp(t, w, repo.Minute, start+10*60*second, 0)
	minute := func(n repo.Micros) string {
		return fmt.Sprintf("ts = %d AND value = ",
			start+n*60*second)
	}
	loseState(t, w.Path(), minute(0)+"1")
	loseState(t, w.Path(), minute(1)+"2")
	filetest.Exec(t, w.Path(),
		"UPDATE state_rollups SET count = 77, chk = chk + 1 WHERE "+minute(4)+"2")
	filetest.Exec(t, w.Path(), "DELETE FROM state_rollups WHERE "+minute(3)+"2")
	rollUp(t, w, repo.FiveMinutes, start+10*60*second, 0)
	read, told := states(t, w.Path(), repo.FiveMinutes)
	want := map[repo.Micros]map[float64]int64{start: {1: 2, 2: 2}, start + 5*60*second: {1: 5, 2: 10}}
	if diff := cmp.Diff(want, read); diff != "" || len(told) > 0 {
		t.Errorf("told of %v; five minutes (-want +got):\n%s", told, diff)
	}
	left := []repo.Unsound{{
		Table: "state_rollups", Granularity: "1m", Rows: 3, From: start, Until: start + 4*60*second,
	}}
	if diff := cmp.Diff(left, w.Unsound()); diff != "" {
		t.Errorf("the writer tells of (-want +got):\n%s", diff)
	}
}

// What somebody does to the states of a bucket is no damage, then and when samples come for it
// later.
func TestStatesByHand(t *testing.T) {
	first := fmt.Sprintf("ts = %d", start)
	for name, c := range map[string]struct {
		statements string
		want       map[float64]int64 // of the first minute, with two late samples of 0 and one of 3
	}{
		"deleted": {
			"DELETE FROM state_rollups WHERE value = 2 AND " + first, map[float64]int64{0: 3, 1: 2, 3: 1},
		},
		"the row with the total deleted": {
			"DELETE FROM state_rollups WHERE total > 0 AND " + first,
			map[float64]int64{0: 2, 1: 2, 2: 3, 3: 1},
		},
		"all deleted": {
			"DELETE FROM state_rollups WHERE " + first, map[float64]int64{0: 2, 3: 1},
		},
		"all but one deleted, one by one": {
			"DELETE FROM state_rollups WHERE value = 0 AND " + first +
				"; DELETE FROM state_rollups WHERE value = 1 AND " + first,
			map[float64]int64{0: 2, 2: 3, 3: 1},
		},
		"count": {
			"UPDATE state_rollups SET count = 10 WHERE value = 0 AND " + first,
			map[float64]int64{0: 12, 1: 2, 2: 3, 3: 1},
		},
		"value": {
			"UPDATE state_rollups SET value = 3 WHERE value = 2 AND " + first,
			map[float64]int64{0: 3, 1: 2, 3: 4},
		},
		"moved": {
			"UPDATE state_rollups SET ts = ts + 1 WHERE value = 2 AND " + first,
			map[float64]int64{0: 3, 1: 2, 3: 1},
		},
		"inserted": {
			"INSERT INTO state_rollups (granularity, series_id, ts, value, count) SELECT granularity, 1, " +
				"ts, -5, 7 FROM " +
				"state_rollups WHERE value = 0 AND " + first, map[float64]int64{-5: 7, 0: 3, 1: 2, 2: 3, 3: 1},
		},
		"moved after it was inserted": {
			"INSERT INTO state_rollups (granularity, series_id, ts, value, count) SELECT granularity, 1, " +
				"ts, -5, 7 FROM " +
				"state_rollups WHERE value = 0 AND " + first + "; UPDATE state_rollups SET ts = ts + 1 WHERE " +
				first,
			map[float64]int64{0: 2, 3: 1},
		},
		"inserted, and deleted again": {
			"INSERT INTO state_rollups (granularity, series_id, ts, value, count) SELECT granularity, 1, " +
				"ts, -5, 7 FROM " +
				"state_rollups WHERE value = 0 AND " + first + "; DELETE FROM state_rollups WHERE value < 0",
			map[float64]int64{0: 3, 1: 2, 2: 3, 3: 1},
		},
		"replaced": {
			"REPLACE INTO state_rollups (granularity, series_id, ts, value, count) SELECT granularity, 1, " +
				"ts, 0, 7 FROM " +
				"state_rollups WHERE value = 0 AND " + first, map[float64]int64{0: 9, 1: 2, 2: 3, 3: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, series := hourOfStates(t)
			filetest.Exec(t, w.Path(), c.statements)
			add(t, w, repo.Sample{Series: series, TS: start + 1, Value: 0})
			add(t, w, repo.Sample{Series: series, TS: start + 2, Value: 3},
				repo.Sample{Series: series, TS: start + 3, Value: 0})
			read, _ := states(t, w.Path(), repo.Minute)
			if diff := cmp.Diff(c.want, read[start]); diff != "" {
				t.Errorf("the first minute (-want +got):\n%s", diff)
			}
			walk(t, w)
			if told := w.Unsound(); len(told) > 0 {
				t.Errorf("told of %v", told)
			}
		})
	}
}

// Nor is it if samples have joined the bucket in between.
func TestStatesByHandTwice(t *testing.T) {
	for name, twice := range map[string][2]string{
		"inserted, deleted": {"INSERT INTO state_rollups (granularity, series_id, ts, value, count) " +
			"VALUES ('1m', 1, %d, 5, 7)",
			"DELETE FROM state_rollups WHERE value = 5"},
		"inserted, moved": {"INSERT INTO state_rollups (granularity, series_id, ts, value, count) " +
			"VALUES ('1m', 1, %d, 5, 7)",
			"UPDATE state_rollups SET ts = ts - 60000000 WHERE value = 5"},
		"deleted, deleted": {"DELETE FROM state_rollups WHERE value = 0 AND ts = %d",
			"DELETE FROM state_rollups WHERE value = 1"},
		"changed, deleted": {"UPDATE state_rollups SET count = 9 WHERE value = 0 AND ts = %d",
			"DELETE FROM state_rollups WHERE value = 0"},
	} {
		t.Run(name, func(t *testing.T) {
			w, series := hourOfStates(t)
			// a bucket of the program's, and one of a hand
			for _, at := range []repo.Micros{start, start - 600*second} {
				filetest.Exec(t, w.Path(), fmt.Sprintf(twice[0], at))
				add(t, w, repo.Sample{Series: series, TS: at + 1, Value: 5},
					repo.Sample{Series: series, TS: at + 2, Value: 1})
				add(t, w, repo.Sample{Series: series, TS: at + 3, Value: 8})
			}
			filetest.Exec(t, w.Path(), twice[1])
			walk(t, w)
			if told := w.Unsound(); len(told) > 0 {
				t.Errorf("told of %v", told)
			}
		})
	}
}

// What lies below the floor of a tier is swept as it is: nothing is written first.
func TestDeletedBelowTheFloor(t *testing.T) {
	w, _ := hourOfStates(t)
	setFloor(t, w.Path(), repo.Minute, start+300*second)
	filetest.Exec(t, w.Path(),
		"DELETE FROM state_rollups WHERE granularity = '1m' AND value = 1 AND ts < "+
			fmt.Sprint(start+600*second))
	got := filetest.Query(t, w.Path(), "SELECT ts FROM state_rollups WHERE chk IS NULL GROUP BY ts")
	var want [][]any
	for minute := range int64(5) {
		want = append(want, []any{int64(start) + (5+minute)*60_000_000})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("buckets without check values (-want +got):\n%s", diff)
	}
}

// A bucket may have more states than a step of a walk looks at.
func TestWalkOfManyStates(t *testing.T) {
	w, series := open(t, filetest.Path(t)), newSeries("state")
	series.Aggregation = repo.Mode
	var samples []repo.Sample
	for i := range 45_000 {
		minute := start + repo.Micros(i/15_000)*60*second
		samples = append(samples,
			repo.Sample{Series: series, TS: minute + repo.Micros(i), Value: float64(i)})
	}
	add(t, w, samples...)
	rollUp(t, w, repo.Minute, start+180*second, 0)
	walk(t, w)
	if told := w.Unsound(); len(told) > 0 {
		t.Errorf("told of %v", told)
	}
	for _, value := range []int{0, 14_999, 22_000, 44_999} {
		loseState(t, w.Path(), fmt.Sprint("value = ", value))
		walk(t, w)
		if told := w.Unsound(); len(told) != 1 || told[0].Rows != int64(value/15_000)+1 {
			t.Errorf("without state %d told of %v, want %d buckets", value, told, value/15_000+1)
		}
	}
}

// Samples that join buckets between two steps of a walk do not make it tell of damage.
func TestWalkBesideLateStates(t *testing.T) {
	w, series := open(t, filetest.Path(t)), newSeries("state")
	series.Aggregation = repo.Mode
	each := func(state float64) (samples []repo.Sample) {
		for minute := range repo.Micros(4000) {
			at := start + minute*60*second + repo.Micros(state)
			samples = append(samples, repo.Sample{Series: series, TS: at, Value: state})
		}
		return samples
	}
	for state := range 3 {
		add(t, w, each(float64(state))...)
	}
	rollUp(t, w, repo.Minute, start+4000*60*second, 0)
	var state repo.Walk
	for step := 3; ; step++ {
		more, err := w.Walk(t.Context(), &state)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
		add(t, w, each(float64(step))...)
	}
	if told := w.Unsound(); len(told) > 0 {
		t.Errorf("told of %v", told)
	}
}
