package filetest

import (
	"cmp"
	_ "embed" // for the scripts below
	"errors"
	"fmt"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// The schemas of earlier versions, as they were; the second one was added to the first.
var (
	//go:embed old/0001_history.sql
	firstVersion string
	//go:embed old/0002_clock.sql
	secondVersion string
)

// Old is a file of version 1 or 2.
type Old struct {
	Version  int
	Sums     bool // its pages have checksums
	PageSize int  // 512 if it is 0
	Hot      bool // it was not closed: some rows are in its WAL alone
}

// Make makes the file at path, as programs of its version did, with what statements put into it.
func (o Old) Make(t testing.TB, path, statements string) {
	t.Helper()
	script := firstVersion
	if o.Version > 1 {
		script += secondVersion
	}
	script = fmt.Sprintf("BEGIN; %s; PRAGMA application_id = 0x57414e53; "+
		"PRAGMA user_version = %d; COMMIT;", script, o.Version)
	err := errors.Join(o.begin(path), o.fill(path, script, false), o.fill(path, statements, o.Hot))
	if err != nil {
		t.Fatal(err)
	}
}

// begin writes the first page.
func (o Old) begin(path string) error {
	if err := registerVFS(); err != nil {
		return err
	}
	const name = "file:%s?vfs=%s&_pragma=page_size(%d)"
	c, err := sqlite3.Open(fmt.Sprintf(name, path, vfsName, cmp.Or(o.PageSize, 512)))
	if err != nil {
		return err
	}
	if o.Sums {
		_, err = c.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES, 8)
	}
	const settings = "PRAGMA auto_vacuum = incremental; PRAGMA journal_mode = wal"
	return errors.Join(err, c.Exec(settings), c.Close())
}

func (o Old) fill(path, statements string, hot bool) error {
	c, err := sqlite3.Open("file:" + path + "?vfs=" + vfsName)
	if err != nil {
		return err
	}
	_, err = c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, hot)
	return errors.Join(err, c.Exec(statements), c.Close())
}

// OldHistory returns statements that fill a file of an earlier version, and how many rows they make
// beside those of tiers: so many moments of two averages and two series of states in each tier, and
// an import.
func OldHistory(moments int) (statements string, rows int64) {
	const (
		states  = 3
		perTier = 2 + 2*states
	)
	return fmt.Sprintf(oldHistory, moments), int64(4 + moments*(4+3*perTier) + 1)
}

const oldHistory = `
	UPDATE tiers SET watermark = 1800003600000000, floor = CASE granularity
		WHEN 'raw' THEN 1800003000000000 WHEN '1m' THEN 1800000000000000
		WHEN '5m' THEN 1799990000000000 ELSE 0 END;
	INSERT INTO series VALUES
		(1, 'rtt', 'a', '{}', 'avg', 1800003500000000, 1.5),
		(2, 'rtt', 'b', '{"x":"y"}', 'avg', NULL, NULL),
		(5, 'state', 'a', '{}', 'mode', 1800003500000000, 2),
		(7, 'state', 'b', '{}', 'mode', NULL, NULL);
	CREATE TEMP TABLE moments AS
	WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1)
	SELECT i FROM n;
	CREATE TEMP TABLE buckets AS
	SELECT * FROM (VALUES ('1m', 60000000), ('5m', 300000000), ('1h', 3600000000));
	INSERT INTO raw_samples
	SELECT
		1800003000000000 + i * 200000, id,
		CASE aggregation WHEN 'avg' THEN i / 7.0 ELSE i / 100 %% 3 END
	FROM moments, series;
	INSERT INTO rollups
	SELECT column1, id, 1800000000000000 - i * column2, 1 + i %% 9, i / 3.0, -0.1, i + 0.25
	FROM buckets, series, moments WHERE aggregation = 'avg';
	INSERT INTO state_rollups
	SELECT column1, series.id, 1800000000000000 - i * column2, value, 1 + i %% 5
	FROM buckets, series, moments, json_each('[0, 1, 2.5]') WHERE aggregation = 'mode';
	INSERT INTO imports VALUES (3, 'a.csv', 'csv', 10, 2, 0, 0, 0, x'0102', 0, x'03', 77)`

// DumpOld returns what a file has in the columns that files of all versions have, and in the view.
func DumpOld(t testing.TB, path string) (dump []string) {
	t.Helper()
	for _, query := range []string{
		"SELECT id, metric_name, wan_name, labels, aggregation, last_ts, last_value FROM series ORDER " +
			"BY 1",
		"SELECT ts, series_id, value FROM raw_samples ORDER BY 1, 2",
		"SELECT granularity, series_id, ts, count, sum, min, max FROM rollups ORDER BY 1, 2, 3",
		"SELECT granularity, series_id, ts, value, count FROM state_rollups ORDER BY 1, 2, 3, 4",
		"SELECT granularity, watermark, floor, keep FROM tiers ORDER BY 1",
		"SELECT id, source, format, bytes, lines, last_id, second, aggregated FROM imports ORDER BY 1",
		"SELECT id, hash, newest_id, newest_hash, updated FROM imports ORDER BY 1",
		"SELECT id, timestamp, wan_name, metric_name, value, labels FROM metrics ORDER BY 1, 2, 3, 4",
		"SELECT id, wan_name, metric_name, granularity, count FROM metrics ORDER BY 1, 2, 3, 4",
	} {
		for _, row := range Query(t, path, query) {
			dump = append(dump, fmt.Sprint(row))
		}
	}
	return dump
}
