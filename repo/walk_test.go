package repo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A walk finds what nobody reads, in steps, and forgets what is gone.
func TestWalk(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	filetest.Exec(t, path, `
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
		INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max)
		SELECT '1m', i % 7, i, 1, 1, 1, 1 FROM n;
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
		INSERT INTO state_rollups (granularity, series_id, ts, value, count)
		SELECT '5m', 1, i, i % 3, 1 FROM n;
		UPDATE rollups SET chk = 1 WHERE ts IN (20000, 20007);
		UPDATE state_rollups SET chk = 1 WHERE ts = 11999;
		INSERT INTO raw_samples (ts, series_id, value, chk) VALUES (5, 1, 2, 1);
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
		INSERT INTO sketches (id, sketch) SELECT 72000000000 + i, x'' FROM n;
		UPDATE sketches SET chk = 1 WHERE id = 72000000000 + 11999;
		INSERT INTO raw_blocks (id, last_ts, count, payload) VALUES (7, 7, 2, '[{"t":[0],"v":{"1":1}}]')`)
	if list := w.Unsound(); len(list) > 0 {
		t.Errorf("told of before a walk: %v", list)
	}
	walk(t, w)
	want := []repo.Unsound{
		{Table: "raw_blocks", Granularity: "raw", Rows: 1, From: 7, Until: 7},
		{Table: "raw_samples", Granularity: "raw", Rows: 1, From: 5, Until: 5},
		{Table: "rollups", Granularity: "1m", Rows: 2, From: 20000, Until: 20007},
		{Table: "sketches", Granularity: "5m", Rows: 1, From: 11999 * 60 * second,
			Until: 11999 * 60 * second},
		{Table: "state_rollups", Granularity: "5m", Rows: 1, From: 11999, Until: 11999},
	}
	if diff := cmp.Diff(want, w.Unsound()); diff != "" {
		t.Errorf("told of (-want +got):\n%s", diff)
	}
	filetest.Exec(t, path,
		"DELETE FROM rollups; DELETE FROM sketches; DELETE FROM raw_blocks; DELETE FROM raw_samples; "+
			"UPDATE state_rollups SET chk = NULL")
	walk(t, w)
	if list := w.Unsound(); len(list) > 0 {
		t.Errorf("told of when all is gone: %v", list)
	}
}
