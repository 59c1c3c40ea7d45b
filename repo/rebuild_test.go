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

// oldMoments are more than one batch of rows.
const oldMoments = 1200

// oldFile makes a file of an earlier version, and returns what is in it.
func oldFile(t *testing.T, old filetest.Old) (path string, dump []string) {
	t.Helper()
	path = filetest.Path(t)
	statements, _ := filetest.OldHistory(oldMoments)
	old.Make(t, path, statements)
	return path, filetest.DumpOld(t, path)
}

// checkRebuilt wants the file at path to be of this version, sound, and to hold the same as before.
func checkRebuilt(t *testing.T, path string, before []string) {
	t.Helper()
	if diff := cmp.Diff(before, filetest.DumpOld(t, path)); diff != "" {
		t.Errorf("the history has changed (-before +after):\n%.2000s", diff)
	}
	for statement, want := range map[string]int64{
		"PRAGMA user_version":                                           4,
		"PRAGMA application_id":                                         0x57414e53,
		"PRAGMA auto_vacuum":                                            2,
		"SELECT count(*) FROM rollups WHERE chk IS NULL":                0,
		"SELECT seq FROM sqlite_sequence WHERE name = 'series'":         7,
		"SELECT count(*) FROM series WHERE chk IS NULL":                 0,
		"SELECT count(*) FROM raw_samples WHERE chk IS NULL":            0,
		"SELECT count(*) FROM tiers WHERE chk IS NULL":                  0,
		"SELECT count(*) FROM imports WHERE chk IS NULL":                0,
		"SELECT count(*) FROM clock WHERE chk IS NOT NULL AND id = 1":   1,
		"SELECT count(*) FROM wanstore WHERE version = 4":               1,
		"SELECT count(*) FROM state_rollups WHERE chk IS NULL":          0,
		"SELECT count(*) FROM (" + wrongTotals + ")":                    0,
		"SELECT count(*) FROM sqlite_schema WHERE name LIKE '%by_hand'": 16,
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
	found.Unchecked = false // which is so where the machine is busy
	return found
}

func TestRebuild(t *testing.T) {
	for _, old := range []filetest.Old{
		{Version: 1}, {Version: 1, Sums: true}, {Version: 2, Sums: true}, {Version: 2},
		{Version: 2, Sums: true, Hot: true}, {Version: 1, Hot: true},
		{Version: 2, Sums: true, PageSize: 4096},
	} {
		t.Run(fmt.Sprintf("%+v", old), func(t *testing.T) {
			path, before := oldFile(t, old)
			_, rows := filetest.OldHistory(oldMoments)
			var shown []int64
			progress := func(done, total int64) { shown = append(shown, done, total) }
			w, err := repo.OpenWriterWithProgress(t.Context(), path, repo.SynchronousNormal, progress)
			if err != nil {
				t.Fatal(err)
			}
			found := w.Findings()
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			want := repo.Findings{Rebuilt: &repo.Rebuilt{Version: old.Version, Rows: rows}}
			found.Rebuilt.Took = 0
			found.Unchecked = false // which is so where the machine is busy
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
	if found := closed(t, path).Rebuilt; found == nil || found.LeftOut != 0 {
		t.Errorf("found %+v", found)
	}
	checkRebuilt(t, path, before)
}

// A value that no program writes is left out, and counted.
func TestRebuildLeavesDamagedRowsOut(t *testing.T) {
	path, _ := oldFile(t, filetest.Old{Version: 2})
	_, rows := filetest.OldHistory(oldMoments)
	notStrict(t, path, "rollups", `
		UPDATE rollups SET sum = 9e999 WHERE series_id = 1 AND granularity = '1h' AND count = 3;
		UPDATE rollups SET min = 'text' WHERE series_id = 2 AND granularity = '5m' AND count = 3;
		UPDATE rollups SET ts = 'text'
		WHERE series_id = 2 AND granularity = '1m' AND count = 4 AND max = 3.25`)
	filetest.Exec(t, path, `
		UPDATE raw_samples SET value = -9e999 WHERE series_id = 2 AND ts = 1800003000000000;
		UPDATE series SET last_value = 9e999 WHERE id = 1;
		PRAGMA ignore_check_constraints = on; UPDATE series SET aggregation = 'sum' WHERE id = 7`)
	bad := filetest.Int(t, path,
		"SELECT count(*) FROM rollups WHERE sum > 1.7e308 OR 'text' IN (min, ts)")
	if bad < 20 {
		t.Fatalf("%d rows are damaged", bad)
	}
	found := closed(t, path).Rebuilt
	if found == nil || found.LeftOut != bad+2 || found.Rows != rows-bad-2 {
		t.Errorf("found %+v, want %d rows left out", found, bad+2)
	}
	const unknown = "SELECT last_ts IS NULL AND last_value IS NULL FROM series WHERE id = 1"
	if filetest.Int(t, path, unknown) != 1 {
		t.Error("the newest sample of a series is one that is damaged")
	}
}

// A state that is left out takes its bucket with it.
func TestRebuildLeavesAStateOut(t *testing.T) {
	path, _ := oldFile(t, filetest.Old{Version: 2})
	const of = "WHERE series_id = 5 AND granularity = '5m' AND ts = "
	notStrict(t, path, "state_rollups", fmt.Sprintf(`
		UPDATE state_rollups SET count = 'text' %[1]s %[2]d AND value = 0;
		UPDATE state_rollups SET value = 9e999 %[1]s %[3]d AND value = 1;
		UPDATE state_rollups SET count = 9e18 %[1]s %[4]d`,
		of, start-300*second, start-600*second, start-900*second))
	w := open(t, path)
	if found := w.Findings().Rebuilt; found == nil || found.LeftOut != 2 {
		t.Errorf("found %+v, want 2 rows left out", found)
	}
	walk(t, w)
	want := []repo.Unsound{{
		Table: "state_rollups", Granularity: "5m", Rows: 3, From: start - 900*second,
		Until: start - 300*second,
	}}
	if diff := cmp.Diff(want, w.Unsound()); diff != "" {
		t.Errorf("told of (-want +got):\n%s", diff)
	}
}

// notStrict runs statements while a table takes values of all types.
func notStrict(t *testing.T, path, table, statements string) {
	t.Helper()
	const edit = "PRAGMA writable_schema = on; " +
		"UPDATE sqlite_schema SET sql = replace(sql, '%s', '%s') WHERE name = '%s'"
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

// A reader's view stays as it is; the rebuild waits for it with its last step, and is completed by
// the next one.
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

// A reader is told what brings the file up to date.
func TestReadingAnOldFile(t *testing.T) {
	path, _ := oldFile(t, filetest.Old{Version: 1})
	_, err := repo.OpenReader(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "wanstore maintain") {
		t.Errorf("got error %v", err)
	}
}
