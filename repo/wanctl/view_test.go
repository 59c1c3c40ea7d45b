package wanctl

import (
	"errors"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
)

// What is no plain table of wanctl's columns is refused before anything of it is read.
func TestOtherTablesNamedMetrics(t *testing.T) {
	const columns = `id INTEGER PRIMARY KEY, timestamp INTEGER, wan_name TEXT,
		metric_name TEXT, value REAL,
		labels TEXT, granularity TEXT`
	for name, statements := range map[string]string{
		"an endless view": `CREATE VIEW metrics AS WITH RECURSIVE
			r(id, timestamp, wan_name, metric_name, value, labels, granularity) AS (
				SELECT 1, 1, 'w', 'm', 1.0, NULL, 'raw'
				UNION ALL
				SELECT id + 1, timestamp, wan_name, metric_name, value, labels, granularity FROM r
			) SELECT * FROM r`,
		"a virtual table": `PRAGMA writable_schema = ON; INSERT INTO sqlite_schema
			VALUES ('table', 'metrics', 'metrics', 0, 'CREATE VIRTUAL TABLE metrics USING elsewhere(id)')`,
		"other letters":   "CREATE TABLE METRICS (" + columns + ")",
		"one more column": "CREATE TABLE metrics (" + columns + ", more TEXT)",
		"one column less": "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp INTEGER, wan_name " +
			"TEXT)",
		"another column": "CREATE TABLE metrics (" + strings.Replace(columns, "labels", "tags", 1) +
			")",
		"a virtual column": "CREATE TABLE metrics (" + columns + " AS ('raw'))",
		"a stored column":  "CREATE TABLE metrics (" + columns + " AS ('raw') STORED)",
		"no key": "CREATE TABLE metrics (" + strings.Replace(columns, " PRIMARY KEY", "", 1) +
			")",
		"ids that are text": "CREATE TABLE metrics (" +
			strings.Replace(columns, "INTEGER", "TEXT", 1) + ")",
		"no table": "CREATE TABLE other (" + columns + ")",
	} {
		t.Run(name, func(t *testing.T) {
			path := filetest.Path(t)
			filetest.Exec(t, path, statements)
			w, err := Open(t.Context(), path)
			if !errors.Is(err, ErrNotWanctl) {
				t.Errorf("got %v, want %v", err, ErrNotWanctl)
			}
			if err == nil {
				_ = w.Close()
			}
		})
	}
}

// A question that is not answered in time ends, and the view is closed all the same.
func TestSlowDatabase(t *testing.T) {
	db := filetest.NewWanctlDB(t)
	db.Add(filetest.WanctlRow{Second: 1, WAN: "w", Metric: "m", Value: 1, Granularity: "raw"})
	w, err := Open(t.Context(), db.Path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Last(t.Context()); err != nil {
		t.Errorf("with a minute: %v", err)
	}
	w.limit = 1 // a nanosecond is over at once
	if _, err := w.Rows(t.Context(), 0, MaxSecond, 10); !errors.Is(err, ErrSlow) ||
		!strings.Contains(err.Error(), db.Path) {
		t.Errorf("got %v, want %v with the path", err, ErrSlow)
	}
	if _, _, err := w.Measure(t.Context(), 0, MaxSecond); !errors.Is(err, ErrSlow) {
		t.Errorf("got %v, want %v", err, ErrSlow)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
