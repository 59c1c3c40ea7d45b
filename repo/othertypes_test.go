package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// A damaged page may have in a column what a STRICT table does not take. A query that meets that
// says that it is damage.
func TestValuesOfOtherTypes(t *testing.T) {
	whole := filledHistory(t)
	queries := callGenerated(t, func(database db.DBTX) any { return db.New(database) })
	for table := range historyTables() {
		for _, row := range filetest.Query(t, whole, "SELECT name FROM pragma_table_info(?)", table) {
			for _, value := range []string{"'x'", "NULL", "1.5"} {
				path := filepath.Join(t.TempDir(), "history.db")
				if !putValue(t, whole, path, table, fmt.Sprint(row[0]), value) {
					continue
				}
				if err := askAll(t, path, queries); err != nil {
					t.Errorf("%s in %s.%s: %v", value, table, row[0], err)
				}
			}
		}
	}
}

// A key that leads out of a span ends its reading, which went on for ever.
func TestBucketWithoutATime(t *testing.T) {
	whole, path := filledHistory(t), filepath.Join(t.TempDir(), "history.db")
	filetest.Exec(t, whole, `INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max)
		VALUES ('1m', 1, 1, 1, 1, 1, 1)`)
	if !putValue(t, whole, path, "rollups", "ts", "'x'") {
		t.Fatal("no page can say that")
	}
	r, err := OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	err = r.look(t.Context(), "read", func(ctx context.Context, s *Snapshot) error {
		for _, err := range s.Scan(ctx, Minute, s.Series, Span{From: 1000, Until: math.MaxInt64}) {
			return err
		}
		return nil
	})
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("read: %v, want %v", err, ErrDamaged)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// A check value is the same for 0 and for an empty text: the types tell that one has become the
// other.
func TestNothingForZero(t *testing.T) {
	whole, path := filepath.Join(t.TempDir(), "history.db"), filepath.Join(t.TempDir(), "history.db")
	w, err := OpenWriter(t.Context(), whole, SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	state := &Series{Key: Key{MetricName: "state", WANName: "wan", Labels: "{}"}, Aggregation: Mode}
	samples := []Sample{{Series: state, TS: 1e6, Value: 1}, {Series: state, TS: 2e6, Value: 2}}
	if err := w.Append(t.Context(), Batch{Samples: samples, Latest: math.MaxInt64},
		make([]Outcome, 2)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.RollUp(t.Context(), Minute, 1e9, time.Second); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !putValue(t, whole, path, "state_rollups", "total",
		"CASE total WHEN 0 THEN x'' ELSE total END") {
		t.Fatal("no page can say that")
	}
	r, err := OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	status, err := r.Status(t.Context())
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	if len(status.Unsound) != 1 || status.Unsound[0].Table != "state_rollups" {
		t.Errorf("left out is %v, want the bucket", status.Unsound)
	}
}

// filledHistory is one with a row in each table that typical arguments find.
func filledHistory(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	w, err := OpenWriter(t.Context(), path, SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	filetest.Exec(t, path, strings.Join(append(fillHistory,
		`INSERT INTO metric_metadata (metric_name, help, unit, states, percentiles)
		VALUES ('[1]', '', '', '{}', 0)`), ";"))
	return path
}

// putValue copies a history to path, where a column has a value in all rows. It returns false where
// no page can say that.
func putValue(t *testing.T, whole, path, table, column, value string) bool {
	t.Helper()
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(filetest.Query(t, whole, "SELECT sql FROM sqlite_schema WHERE name = ?",
		table)[0][0])
	const statements = `DROP TRIGGER IF EXISTS %[2]s_by_hand;
		PRAGMA ignore_check_constraints = on;
		PRAGMA writable_schema = on;
		UPDATE sqlite_schema SET sql = %[1]s WHERE name = '%[2]s';
		PRAGMA writable_schema = reset;
		UPDATE %[2]s SET %[3]s = %[4]s;
		PRAGMA writable_schema = on;
		UPDATE sqlite_schema SET sql = %[5]s WHERE name = '%[2]s';
		PRAGMA writable_schema = reset;`
	err = filetest.Run(path, fmt.Sprintf(statements,
		sqlite3.Quote(loose.Replace(text)), table, column, value, sqlite3.Quote(text)))
	if err != nil && !errors.Is(err, sqlite3.CONSTRAINT) && !errors.Is(err, sqlite3.MISMATCH) {
		t.Fatalf("%s in %s.%s: %v", value, table, column, err)
	}
	return err == nil
}

// loose makes a table one that takes values of all types.
var loose = strings.NewReplacer(
	" INTEGER PRIMARY KEY", " INTEGER PRIMARY KEY", " NOT NULL", "", " TEXT", "", " INTEGER", "",
	" REAL", "", " BLOB", "",
	" STRICT, WITHOUT ROWID", " WITHOUT ROWID", " STRICT", "")

// askAll runs all queries that only read, and returns what they say but is not said to be damage.
func askAll(t *testing.T, path string, queries map[string]call) error {
	t.Helper()
	r, err := OpenReader(t.Context(), path)
	if err != nil {
		if IsDamage(err) {
			return nil
		}
		return err
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	var wrong []error
	for name, one := range queries {
		if i := strings.Index(one.sql, "\n"); !strings.HasPrefix(one.sql[i+1:], "SELECT") &&
			!strings.HasPrefix(one.sql[i+1:], "WITH") {
			continue
		}
		method := reflect.ValueOf(r.q).MethodByName(name)
		arguments, _ := typicalArguments(t, name, method.Type())
		results := method.Call(arguments)
		err, ok := reflect.TypeAssert[error](results[len(results)-1])
		if ok && !errors.Is(err, sql.ErrNoRows) &&
			!IsDamage(sqlite.Failure(t.Context(), "ask", path, err)) {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(wrong...)
}
