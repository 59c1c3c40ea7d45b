package bench

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ncruces/go-sqlite3/driver"

	"github.com/wanstore/wanstore/service"
)

// originalSchema is the layout of wanctl's own database.
const originalSchema = `
CREATE TABLE metrics (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp INTEGER NOT NULL,
  wan_name TEXT NOT NULL,
  metric_name TEXT NOT NULL,
  value REAL NOT NULL,
  labels TEXT,
  granularity TEXT DEFAULT 'raw'
);
CREATE INDEX idx_metrics_timestamp ON metrics (timestamp);
CREATE INDEX idx_metrics_wan_metric_time ON metrics (wan_name, metric_name, timestamp);
CREATE INDEX idx_metrics_granularity_time ON metrics (granularity, timestamp);
`

// BenchmarkOriginal records as wanctl's original does, on this machine and this SQLite: one commit
// for the 7 samples of each cycle, into a table with three indexes. One operation is a minute of
// it.
func BenchmarkOriginal(b *testing.B) {
	path := filepath.Join(b.TempDir(), "metrics.db")
	pool, err := driver.Open("file:" + path +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)")
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	if _, err := pool.Exec(originalSchema); err != nil {
		b.Fatal(err)
	}
	insert, err := pool.Prepare("INSERT INTO metrics (timestamp, wan_name, metric_name, value) " +
		"VALUES (?, ?, ?, ?)")
	if err != nil {
		b.Fatal(err)
	}
	defer insert.Close()
	w := newWorld(b, controller, service.Config{})
	var m meter
	recorded := 0
	for b.Loop() {
		minute := w.cycles(60 * w.load.rate)
		recorded += len(minute)
		m.run(b, func() {
			for samples := range slices.Chunk(minute, w.load.series) {
				recordOriginally(b, pool, insert, samples)
			}
		})
	}
	m.report(b, recorded)
	b.ReportMetric(float64(recorded)/b.Elapsed().Seconds(), "samples/s")
}

func recordOriginally(b *testing.B, pool *sql.DB, insert *sql.Stmt, samples []service.Sample) {
	b.Helper()
	tx, err := pool.Begin()
	if err != nil {
		b.Fatal(err)
	}
	statement := tx.Stmt(insert) //nolint:sqlclosecheck // it ends with its transaction
	for _, s := range samples {
		if _, err := statement.Exec(s.Time.Unix(), "wan", s.Series.String(), s.Value); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
