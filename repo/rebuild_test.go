package repo_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// oldHistory fills a file of an earlier version: two averages, two series of states, every tier, an import.
const oldHistory = `
	UPDATE tiers SET watermark = 1800003600000000, floor = CASE granularity
		WHEN 'raw' THEN 1800003000000000 WHEN '1m' THEN 1800000000000000 WHEN '5m' THEN 1799990000000000 ELSE 0 END;
	INSERT INTO series VALUES (1, 'rtt', 'a', '{}', 'avg', 1800003500000000, 1.5), (2, 'rtt', 'b', '{"x":"y"}', 'avg', NULL, NULL),
		(5, 'state', 'a', '{}', 'mode', 1800003500000000, 2), (7, 'state', 'b', '{}', 'mode', NULL, NULL);
	WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999)
	INSERT INTO raw_samples SELECT 1800003000000000 + i * 200000, s.id, CASE s.aggregation WHEN 'avg' THEN i / 7.0 ELSE i / 100 % 3 END
	FROM n, series AS s;
	WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 599),
		g (name, width) AS (VALUES ('1m', 60000000), ('5m', 300000000), ('1h', 3600000000))
	INSERT INTO rollups SELECT name, s.id, 1800000000000000 - i * width, 1 + i % 9, i / 3.0, -0.1, i + 0.25 FROM g, n, series AS s
	WHERE s.aggregation = 'avg';
	WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 599),
		g (name, width) AS (VALUES ('1m', 60000000), ('5m', 300000000), ('1h', 3600000000))
	INSERT INTO state_rollups SELECT name, s.id, 1800000000000000 - i * width, v.value, 1 + i % 5
	FROM g, n, series AS s, json_each('[0, 1, 2.5]') AS v WHERE s.aggregation = 'mode';
	INSERT INTO imports VALUES (3, 'a.csv', 'csv', 10, 2, 0, 0, 0, x'0102', 0, x'03', 77)`

// oldRows is how many rows that makes.
const oldRows = 4 + 4*3000 + 2*3*600 + 2*3*3*600 + 1

// oldTables are the columns that files of all versions have.
var oldTables = map[string]string{
	"series":        "id, metric_name, wan_name, labels, aggregation, last_ts, last_value",
	"raw_samples":   "ts, series_id, value",
	"rollups":       "granularity, series_id, ts, count, sum, min, max",
	"state_rollups": "granularity, series_id, ts, value, count",
	"tiers":         "granularity, watermark, floor, keep",
	"imports":       "id, source, format, bytes, lines, last_id, second, aggregated, hash, newest_id, newest_hash, updated",
	"metrics":       "id, timestamp, wan_name, metric_name, value, labels, granularity, count",
}

func oldDump(t *testing.T, path string) map[string][]string {
	t.Helper()
	dump := map[string][]string{}
	for table, columns := range oldTables {
		order := "1, 2, 3, 4"
		if table == "raw_samples" {
			order = "1, 2"
		}
		for _, row := range filetest.Query(t, path, "SELECT "+columns+" FROM "+table+" ORDER BY "+order) {
			dump[table] = append(dump[table], fmt.Sprint(row))
		}
	}
	return dump
}

// oldFile makes a file of an earlier version, and returns what is in it.
func oldFile(t *testing.T, old filetest.Old) (path string, dump map[string][]string) {
	t.Helper()
	path = filetest.Path(t)
	old.Make(t, path, oldHistory)
	return path, oldDump(t, path)
}

// checkRebuilt wants the file at path to be of this version, sound, and to hold the same as before.
func checkRebuilt(t *testing.T, path string, before map[string][]string) {
	t.Helper()
	if diff := cmp.Diff(before, oldDump(t, path)); diff != "" {
		t.Errorf("the history has changed (-before +after):\n%.2000s", diff)
	}
	for statement, want := range map[string]int64{
		"PRAGMA user_version":                                           3,
		"PRAGMA application_id":                                         0x57414e53,
		"PRAGMA auto_vacuum":                                            2,
		"SELECT count(*) FROM rollups WHERE chk IS NULL":                0,
		"SELECT seq FROM sqlite_sequence WHERE name = 'series'":         7,
		"SELECT count(*) FROM series WHERE chk IS NULL":                 0,
		"SELECT count(*) FROM raw_samples WHERE chk IS NULL":            0,
		"SELECT count(*) FROM tiers WHERE chk IS NULL":                  0,
		"SELECT count(*) FROM imports WHERE chk IS NULL":                0,
		"SELECT count(*) FROM clock WHERE chk IS NOT NULL AND id = 1":   1,
		"SELECT count(*) FROM wanstore WHERE version = 3":               1,
		"SELECT count(*) FROM state_rollups WHERE chk IS NULL":          0,
		"SELECT count(*) FROM sqlite_schema WHERE name LIKE '%by_hand'": 10,
	} {
		if got := filetest.Int(t, path, statement); got != want {
			t.Errorf("%s: got %d, want %d", statement, got, want)
		}
	}
	header, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if header[20] != 0 {
		t.Errorf("%d bytes of each page are reserved", header[20])
	}
	if names, err := filepath.Glob(path + ".*"); err != nil || len(names) != 1 {
		t.Errorf("beside the file there are %v (%v), want the lock file", names, err)
	}
}

// closed opens the file at path, which brings it up to date, and closes it.
func closed(t *testing.T, path string) repo.Findings {
	t.Helper()
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	found := w.Findings()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRebuild(t *testing.T) {
	for _, old := range []filetest.Old{
		{Version: 1}, {Version: 1, Sums: true}, {Version: 2, Sums: true}, {Version: 2},
		{Version: 2, Sums: true, Hot: true}, {Version: 1, Hot: true}, {Version: 2, Sums: true, PageSize: 4096},
	} {
		t.Run(fmt.Sprintf("%+v", old), func(t *testing.T) {
			path, before := oldFile(t, old)
			var shown []int64
			w, err := repo.OpenWriterWithProgress(t.Context(), path, repo.SynchronousNormal, func(done, total int64) {
				shown = append(shown, done, total)
			})
			if err != nil {
				t.Fatal(err)
			}
			found := w.Findings()
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			want := repo.Findings{Rebuilt: &repo.Rebuilt{Version: old.Version, Rows: oldRows, Took: found.Rebuilt.Took}}
			if diff := cmp.Diff(want, found); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if len(shown) < 8 || shown[0] != 0 || shown[len(shown)-1] != shown[len(shown)-2] {
				t.Errorf("progress was told as %v", shown)
			}
			checkRebuilt(t, path, before)
			if found := closed(t, path); found != (repo.Findings{}) {
				t.Errorf("the second time it finds %+v", found)
			}
			add(t, open(t, path), repo.Sample{Series: newSeries("rtt"), TS: start + 1})
		})
	}
}

// What another program has written has no checksums of its own: that is no damage.
func TestRebuildStaleSums(t *testing.T) {
	path, before := oldFile(t, filetest.Old{Version: 2, Sums: true})
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for page := 512; page <= len(content); page += 512 {
		copy(content[page-8:page], "no sums!")
	}
	ago := time.Now().Add(-time.Hour) // or it might be one that somebody is still copying
	if err := errors.Join(os.WriteFile(path, content, 0o600), os.Chtimes(path, ago, ago)); err != nil {
		t.Fatal(err)
	}
	if found := closed(t, path); found.Quarantine != nil || found.Rebuilt == nil || found.Rebuilt.LeftOut != 0 {
		t.Errorf("found %+v", found)
	}
	checkRebuilt(t, path, before)
}

// A value that no program writes is left out, and counted.
func TestRebuildLeavesDamagedRowsOut(t *testing.T) {
	path := filetest.Path(t)
	filetest.Old{Version: 2}.Make(t, path, oldHistory)
	notStrict(t, path, "rollups", `
		UPDATE rollups SET sum = 9e999 WHERE series_id = 1 AND granularity = '1h' AND count = 3;
		UPDATE rollups SET min = 'text' WHERE series_id = 2 AND granularity = '5m' AND count = 3;
		UPDATE rollups SET ts = 'text' WHERE series_id = 2 AND granularity = '1m' AND count = 4 AND max = 3.25`)
	filetest.Exec(t, path, `
		UPDATE raw_samples SET value = -9e999 WHERE series_id = 2 AND ts = 1800003000000000;
		UPDATE series SET last_value = 9e999 WHERE id = 1;
		PRAGMA ignore_check_constraints = on; UPDATE series SET aggregation = 'sum' WHERE id = 7`)
	bad := filetest.Int(t, path, "SELECT count(*) FROM rollups WHERE sum > 1.7e308 OR 'text' IN (min, ts)")
	if bad < 20 {
		t.Fatalf("%d rows are damaged", bad)
	}
	found := closed(t, path).Rebuilt
	if found == nil || found.LeftOut != bad+2 || found.Rows != oldRows-bad-2 {
		t.Errorf("found %+v, want %d rows left out", found, bad+2)
	}
	if got := filetest.Int(t, path, "SELECT count(*) FROM series WHERE id = 1 AND last_ts IS NULL AND last_value IS NULL"); got != 1 {
		t.Error("the newest sample of a series is one that is damaged")
	}
}

// notStrict runs statements while a table takes values of all types.
func notStrict(t *testing.T, path, table, statements string) {
	t.Helper()
	const edit = "PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = replace(sql, '%s', '%s') WHERE name = '%s'"
	filetest.Exec(t, path, fmt.Sprintf(edit, ") STRICT, WITHOUT", ") WITHOUT", table))
	filetest.Exec(t, path, statements)
	filetest.Exec(t, path, fmt.Sprintf(edit, ") WITHOUT", ") STRICT, WITHOUT", table))
}

// What SQLite cannot read is moved aside, as it is found.
func TestRebuildOfADamagedFile(t *testing.T) {
	path, _ := oldFile(t, filetest.Old{Version: 2, Sums: true})
	root := filetest.Int(t, path, "SELECT rootpage FROM sqlite_schema WHERE name = 'rollups'")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(content[(root-1)*512 : root*512])
	ago := time.Now().Add(-time.Hour) // or it might be one that somebody is still copying
	if err := errors.Join(os.WriteFile(path, content, 0o600), os.Chtimes(path, ago, ago)); err != nil {
		t.Fatal(err)
	}
	found := closed(t, path)
	if found.Quarantine == nil || found.Rebuilt != nil {
		t.Fatalf("found %+v", found)
	}
	if moved, err := os.ReadFile(found.Quarantine.Path); err != nil || !bytes.Equal(content, moved) {
		t.Errorf("what was moved aside is another file (%v)", err)
	}
}

// A reader's view stays as it is; the rebuild waits for it with its last step, and is completed by the next one.
func TestRebuildBesideAReader(t *testing.T) {
	path, before := oldFile(t, filetest.Old{Version: 2, Sums: true})
	release := filetest.Hold(t, path)
	_, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if !errors.Is(err, repo.ErrBusy) || !strings.Contains(err.Error(), "reading") {
		t.Errorf("got error %v, want %v", err, repo.ErrBusy)
	}
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := r.Snapshot(t.Context()); err != nil || len(s.Series) != 4 || s.Close() != nil {
		t.Errorf("a reader of the new file says %v", err)
	}
	release()
	if found := closed(t, path); found != (repo.Findings{}) {
		t.Errorf("found %+v", found)
	}
	if s, err := r.Snapshot(t.Context()); err != nil || len(s.Series) != 4 || s.Close() != nil {
		t.Errorf("a reader of the new file says %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	checkRebuilt(t, path, before)
}

// Of several who open the file at once one rebuilds it, and all have it.
func TestRebuildTogether(t *testing.T) {
	path, before := oldFile(t, filetest.Old{Version: 1})
	var all sync.WaitGroup
	rebuilt := make([]bool, 4)
	for i := range rebuilt {
		all.Go(func() {
			w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
			if err != nil {
				t.Error(err)
				return
			}
			rebuilt[i] = w.Findings().Rebuilt != nil
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(fmt.Sprint(rebuilt), "true"); n != 1 {
		t.Errorf("%d have rebuilt the file", n)
	}
	checkRebuilt(t, path, before)
}

// Who only reads is told what brings the file up to date.
func TestReadingAnOldFile(t *testing.T) {
	path, _ := oldFile(t, filetest.Old{Version: 1})
	_, err := repo.OpenReader(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "wanstore maintain") {
		t.Errorf("got error %v", err)
	}
}
