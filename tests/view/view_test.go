package view

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wanstore/wanstore/internal/filetest"
)

// near compares averages: processors that fuse a multiplication and an addition round once, others
// twice, and the shell prints 15 digits.
var near = cmpopts.EquateApprox(1e-9, 0)

// TestDriver asks in the SQLite that ships.
func TestDriver(t *testing.T) {
	w := newWorld(t)
	w.fill(t)
	askAll(t, questions(w.rows(t)), func(t *testing.T, statement string) [][]any {
		t.Helper()
		return filetest.Query(t, w.path, statement)
	})
}

// TestShell asks in the SQLite of the machine, in all ways to open a file without writing to it.
func TestShell(t *testing.T) {
	s := findShell(t)
	w := newWorld(t)
	w.fill(t)
	asked := questions(w.rows(t))
	t.Run("readonly", func(t *testing.T) {
		askAll(t, asked, func(t *testing.T, statement string) [][]any {
			t.Helper()
			return s.ask(t, w.path, statement, "-readonly")
		})
	})
	for name, file := range map[string]string{"mode=ro": "file:" + w.path + "?mode=ro",
		"read-write": w.path} {
		t.Run(name, func(t *testing.T) {
			for _, q := range asked[:3] {
				compare(t, q, s.ask(t, file, q.sql))
			}
		})
	}
}

// askAll asks every question.
func askAll(t *testing.T, asked []question, ask func(*testing.T, string) [][]any) {
	t.Helper()
	for _, q := range asked {
		t.Run(q.name, func(t *testing.T) { compare(t, q, ask(t, q.sql)) })
	}
}

func compare(t *testing.T, q question, got [][]any) {
	t.Helper()
	if diff := cmp.Diff(q.want, got, near, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", q.sql, diff)
	}
}

// What the shell is asked about a series reaches the keys: nothing but the tiers and the raw
// samples is walked from end to end.
func TestShellPlan(t *testing.T) {
	s := findShell(t)
	w := newWorld(t)
	const of = " FROM metrics WHERE metric_name = 'wanctl_rtt_ms' AND wan_name = 'fibre' AND " +
		"timestamp >= 1773000000"
	for _, statement := range []string{
		"SELECT " + names + of + " ORDER BY timestamp DESC", "SELECT avg(value)" + of,
		"SELECT DISTINCT granularity" + of,
		"SELECT max(timestamp), count(*)" + of + " AND granularity = '5m'",
	} {
		plan := s.run(t, "", "-readonly", w.path, "EXPLAIN QUERY PLAN "+statement)
		for step, times := range map[string]int{
			// for averages and for states
			"(metric_name=? AND wan_name=?)":                                               2,
			"SEARCH r USING PRIMARY KEY (granularity=? AND series_id=? AND ts>? AND ts<?)": 2,
			"SEARCH r USING PRIMARY KEY (ts>?)":                                            1,
			"SCAN s":                                                                       0,
			"SCAN r":                                                                       0,
			"AUTOMATIC":                                                                    0,
		} {
			if n := strings.Count(plan, step); n != times {
				t.Errorf("%s: %d times %s, want %d:\n%s", statement, n, step, times, plan)
			}
		}
	}
}

// A dump holds the whole file: the view of the file that is made from it shows the same.
func TestDump(t *testing.T) {
	s := findShell(t)
	w := newWorld(t)
	w.fill(t)
	const everything = "SELECT * FROM metrics ORDER BY id"
	want := s.ask(t, w.path, everything, "-readonly")

	schema := s.run(t, "", "-readonly", w.path, ".schema metrics")
	if !strings.HasPrefix(schema, "CREATE VIEW metrics") {
		t.Errorf(".schema metrics: %s", schema)
	}
	if tables := s.run(t, "", "-readonly", w.path, ".tables"); !strings.Contains(tables, "metrics") {
		t.Errorf(".tables: %s", tables)
	}
	dump := s.run(t, "", "-readonly", w.path, ".dump")
	if strings.Contains(dump, "ERROR") || !strings.HasSuffix(dump, "COMMIT;\n") {
		t.Errorf(".dump ends with %q", dump[max(0, len(dump)-200):])
	}
	restored := filepath.Join(t.TempDir(), "restored.db")
	s.run(t, dump, "-bail", restored)
	if diff := cmp.Diff(want, s.ask(t, restored, everything)); diff != "" {
		t.Errorf("what is dumped and read again (-want +got):\n%s", diff)
	}
}

// When nobody has the file open, it is read just the same.
func TestAfterTheWriter(t *testing.T) {
	s := findShell(t)
	w := newWorld(t)
	w.fill(t)
	asked := questions(w.rows(t))
	if err := w.writer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, q := range asked[:3] {
		compare(t, q, s.ask(t, "file:"+w.path+"?mode=ro", q.sql))
		compare(t, q, s.ask(t, w.path, q.sql, "-readonly"))
	}
}
