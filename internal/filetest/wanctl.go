package filetest

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/schema/wanctl"
)

// WanctlDB is a database as wanctl makes it, in WAL mode, that is open for writing until Close. It
// is for one goroutine.
type WanctlDB struct {
	Path string

	t    testing.TB
	pool *sql.DB
}

// NewWanctlDB makes an empty one in a directory of the test.
func NewWanctlDB(t testing.TB) *WanctlDB {
	t.Helper()
	d := &WanctlDB{Path: filepath.Join(t.TempDir(), "wanctl.db"), t: t}
	d.Open()
	t.Cleanup(d.Close)
	d.Exec("PRAGMA journal_mode = WAL; " + wanctl.Schema)
	return d
}

// Open opens it again.
func (d *WanctlDB) Open() {
	d.t.Helper()
	pool, err := open(d.Path, "rwc")
	if err != nil {
		d.t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	d.pool = pool
	d.Exec("PRAGMA synchronous = OFF") // it need not survive a power cut
}

// Exec runs statements, or fails the test.
func (d *WanctlDB) Exec(statements string, args ...any) {
	d.t.Helper()
	if _, err := d.pool.ExecContext(context.Background(), statements, args...); err != nil {
		d.t.Fatalf("%s: %v", statements, err)
	}
}

// Add appends rows, or fails the test. A value of nil for labels is NULL.
func (d *WanctlDB) Add(rows ...WanctlRow) {
	d.t.Helper()
	tx, err := d.pool.BeginTx(context.Background(), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	statement, err := tx.PrepareContext(context.Background(),
		"INSERT INTO metrics (timestamp, wan_name, metric_name, value, labels, granularity) VALUES (?, "+
			"?, ?, ?, ?, ?)")
	if err != nil {
		d.t.Fatal(err)
	}
	defer statement.Close()
	for _, r := range rows {
		if _, err := statement.ExecContext(context.Background(), r.Second, r.WAN, r.Metric, r.Value,
			r.Labels, r.Granularity); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		d.t.Fatal(err)
	}
}

// Close closes it. A second call does nothing.
func (d *WanctlDB) Close() {
	d.t.Helper()
	if err := d.pool.Close(); err != nil {
		d.t.Error(err)
	}
}

// WanctlRow is a row of its table.
type WanctlRow struct {
	Second      int64
	WAN, Metric string
	Value       float64
	Labels      any
	Granularity string
}
