package repo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/internal/sketch"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/schema"
)

// A file of version 3 has its sketches in its buckets. It is brought up to date, keeps them, and
// what has none, or is not sound, stays so.
func TestUpgrade(t *testing.T) {
	const (
		none    = "UPDATE rollups SET sketch = NULL WHERE granularity = '5m'"
		unsound = "UPDATE rollups SET sum = sum + 1, chk = chk + 1 WHERE series_id = 1 AND " +
			"granularity = '1m' AND ts = (SELECT min(ts) FROM rollups)"
		byHand = "UPDATE rollups SET sum = sum + 1 WHERE granularity = '1h'"
		early  = "INSERT INTO rollups VALUES ('1m', 1, 17, 1, 1, 1, 1, x'000004', NULL)"
	)
	for name, statements := range map[string]string{
		"as it was": "", "without sketches": none, "one unsound": unsound, "changed by hand": byHand,
		"a bucket that has no key": early,
		"numbers lost":             "PRAGMA application_id = 0; PRAGMA user_version = 0",
	} {
		t.Run(name, func(t *testing.T) {
			path := filetest.Path(t)
			filetest.MakeVersion3(t, path)
			filetest.Exec(t, path, statements)
			before, sketches := filetest.DumpOld(t, path), filetest.DumpSketches(t, path)
			found := closed(t, path)
			if found.Rebuilt == nil || found.Rebuilt.Version != 3 {
				t.Fatalf("found %+v", found)
			}
			if diff := cmp.Diff(before, filetest.DumpOld(t, path)); diff != "" {
				t.Errorf("the history has changed (-before +after):\n%.2000s", diff)
			}
			if statements == unsound || statements == early {
				sketches = slices.Delete(sketches, 1, 2) // that of the first minute
			}
			if diff := cmp.Diff(sketches, filetest.DumpSketches(t, path)); diff != "" {
				t.Errorf("sketches (-want +got):\n%s", diff)
			}
			wantUnsound(t, path, statements == unsound)
			if found := closed(t, path); found != (repo.Findings{}) {
				t.Errorf("the second time it finds %+v", found)
			}
		})
	}
}

// wantUnsound wants the one row of a file that is not sound to be told of, and no other.
func wantUnsound(t *testing.T, path string, one bool) {
	t.Helper()
	status, err := openReader(t, path).Status(t.Context())
	must(t, err)
	if status.Check != "ok" || status.SchemaVersion != schema.Version ||
		len(status.Unsound) > 0 != one || one && status.Unsound[0].Rows != 1 {
		t.Errorf("status says %+v", status)
	}
}

// What is recorded after an upgrade joins the sketches that there are.
func TestRecordAfterUpgrade(t *testing.T) {
	path := filetest.Path(t)
	filetest.MakeVersion3(t, path)
	w := open(t, path)
	last := repo.Micros(filetest.Int(t, path, "SELECT max(ts) FROM rollups WHERE granularity = '1m'"))
	series := &repo.Series{Key: repo.Key{MetricName: "rtt", WANName: "wan", Labels: "{}"}}
	got := add(t, w, repo.Sample{Series: series, TS: last + 5, Value: 4})
	if got[0] != repo.StoredLate {
		t.Fatalf("the sample is %v", got)
	}
	wantSketched(t, path, 1, repo.Minute, last, 7)
	wantSketched(t, path, 1, repo.FiveMinutes, last.AlignDown(repo.FiveMinutes.Bucket()), 32)
	rollUpAll(t, w, last.Add(2*repo.Hour.Bucket()))
	wantSketched(t, path, 1, repo.Hour, last.AlignDown(repo.Hour.Bucket()), 62)
	wantSketched(t, path, 2, repo.Hour, last.AlignDown(repo.Hour.Bucket()), 0)
}

// The schema of a file that was upgraded is that of a new one.
func TestSchemaAfterUpgrade(t *testing.T) {
	entries := func(path string) (list []string) {
		for _, row := range filetest.Query(t, path,
			"SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2") {
			list = append(list, fmt.Sprint(row))
		}
		return list
	}
	old, made := filetest.Path(t), filetest.Path(t)
	filetest.MakeVersion3(t, old)
	closed(t, old)
	closed(t, made)
	if diff := cmp.Diff(entries(made), entries(old)); diff != "" {
		t.Errorf("the schema (-new +upgraded):\n%s", diff)
	}
	for _, number := range []string{"application_id", "user_version", "auto_vacuum"} {
		want, got := filetest.Int(t, made, "PRAGMA "+number), filetest.Int(t, old, "PRAGMA "+number)
		if got != want {
			t.Errorf("%s is %d, want %d", number, got, want)
		}
	}
}

// A reader does not read a file of version 3, and says what does.
func TestReadVersion3(t *testing.T) {
	path := filetest.Path(t)
	filetest.MakeVersion3(t, path)
	_, err := repo.OpenReader(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "wanstore maintain") {
		t.Errorf("got error %v", err)
	}
}

// The rows of a damaged file of version 3 come back with their sketches.
func TestSalvageVersion3(t *testing.T) {
	damaged, path := filetest.Path(t), filetest.Path(t)
	filetest.MakeVersion3(t, damaged)
	want := filetest.DumpSketches(t, damaged)
	w := open(t, path)
	s, err := repo.PrepareSalvage(t.Context(), damaged, path)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	rollUpAll(t, w, start)
	for state := repo.SalvageMore; state != repo.SalvageEnded; {
		state, err = w.Salvage(t.Context(), s, start)
		must(t, err)
	}
	got := filetest.DumpSketches(t, path) // and that of the last hour, which has been rolled up
	got = slices.DeleteFunc(got, func(one string) bool { return !slices.Contains(want, one) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sketches (-want +got):\n%s", diff)
	}
	wantUnsound(t, path, false)
}

// wantSketched wants a bucket to have a sketch of so many samples, all of them, or none.
func wantSketched(
	t *testing.T, path string, series int64, g repo.Granularity, ts repo.Micros, samples uint64,
) {
	t.Helper()
	view, err := openReader(t, path).Snapshot(t.Context())
	must(t, err)
	defer func() { must(t, view.Close()) }()
	span := repo.Span{From: ts, Until: ts + 1, Sketches: true}
	for _, info := range view.Series {
		if info.ID != series {
			continue
		}
		for b, err := range view.Scan(view.Context(), g, []repo.SeriesInfo{info}, span) {
			must(t, err)
			count, _ := sketch.CountOf(b.Sketch)
			if count != samples && (samples > 0 || count == uint64(b.Count)) ||
				samples > 0 && count != uint64(b.Count) {
				t.Errorf("bucket %s %d of series %d: a sketch of %d of %d samples, want %d",
					g, ts, series, count, b.Count, samples)
			}
			return
		}
	}
	t.Errorf("no bucket %s %d of series %d", g, ts, series)
}
