// Package filetest gives tests a history file and looks at it behind the program's back.
package filetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
)

// Path returns the path of a file that is not there yet, in a directory of the test. When the test
// ends, whatever has been made there must pass SQLite's integrity check.
//
// In a test with simulated time, call it outside of the bubble.
func Path(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	t.Cleanup(func() {
		if err := Check(path); err != nil {
			t.Error(err)
		}
	})
	return path
}

// Check runs SQLite's integrity check over the file at path, if there is one that is not empty.
func Check(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	findings, err := integrity(path)
	if err != nil {
		return fmt.Errorf("integrity check of %s: %w", path, err)
	}
	if len(findings) != 1 || findings[0][0] != "ok" {
		return fmt.Errorf("integrity check of %s: %v", path, findings)
	}
	return nil
}

// integrity has the file looked through without its view: with a view, SQLite may not look for
// pages that nothing refers to.
func integrity(path string) (findings [][]any, err error) {
	pool, err := open(path, "ro", func(c *sqlite3.Conn) error {
		err := c.Exec("SELECT 1 FROM sqlite_schema") // its texts are SQL, that of the view too
		c.Limit(sqlite3.LIMIT_COMPOUND_SELECT, 1)
		return errors.Join(err, c.Exec("PRAGMA writable_schema = reset; PRAGMA writable_schema = on"))
	})
	if err != nil {
		return nil, err
	}
	view := View{pool: pool, prepared: map[string]*sql.Stmt{}}
	defer func() { err = errors.Join(err, view.Close()) }()
	return view.Rows("PRAGMA integrity_check")
}

// View looks at a file without writing to it. It is for one goroutine.
type View struct {
	pool     *sql.DB
	prepared map[string]*sql.Stmt
}

// Open opens the file at path for looking at it.
func Open(path string) (View, error) {
	pool, err := open(path, "ro")
	return View{pool: pool, prepared: map[string]*sql.Stmt{}}, err
}

// Close closes the file.
func (v View) Close() error {
	var errs []error
	for _, statement := range v.prepared {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, v.pool.Close())...)
}

func (v View) prepare(statement string) (*sql.Stmt, error) {
	if known, ok := v.prepared[statement]; ok {
		return known, nil
	}
	made, err := v.pool.PrepareContext(context.Background(), statement)
	if err == nil {
		v.prepared[statement] = made
	}
	return made, err
}

// Rows returns the rows of a statement.
func (v View) Rows(statement string, args ...any) (list [][]any, err error) {
	prepared, err := v.prepare(statement) //nolint:sqlclosecheck // the view closes it
	if err != nil {
		return nil, err
	}
	rows, err := prepared.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row := make([]any, len(columns))
		targets := make([]any, len(columns))
		for i := range row {
			targets[i] = &row[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

// Rows opens the file at path for one statement that only reads, and returns its rows.
func Rows(path, statement string, args ...any) (list [][]any, err error) {
	view, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	return view.Rows(statement, args...)
}

// Query returns the rows of a statement that only reads, or fails the test.
func Query(t testing.TB, path, statement string, args ...any) [][]any {
	t.Helper()
	list, err := Rows(path, statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return list
}

// Int returns the one number that a statement selects, or fails the test.
func Int(t testing.TB, path, statement string, args ...any) int64 {
	t.Helper()
	rows := Query(t, path, statement, args...)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("%s: want one value, got %v", statement, rows)
	}
	number, ok := rows[0][0].(int64)
	if !ok {
		t.Fatalf("%s: want a number, got %v", statement, rows[0][0])
	}
	return number
}

// Dump returns every row of every table of a history file, by table.
func Dump(t testing.TB, path string) map[string][][]any {
	t.Helper()
	tables := map[string][][]any{}
	for table, order := range map[string]string{
		"series":        "id",
		"raw_blocks":    "id",
		"raw_samples":   "ts, series_id",
		"rollups":       "granularity, series_id, ts",
		"sketches":      "id",
		"state_rollups": "granularity, series_id, ts, value",
		"tiers":         "granularity",
		"imports":       "id",
	} {
		tables[table] = Query(t, path, "SELECT * FROM "+table+" ORDER BY "+order)
	}
	return tables
}

// Exec runs statements that write, making the file if need be, or fails the test.
func Exec(t testing.TB, path, statements string) {
	t.Helper()
	if err := Run(path, statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// Run runs statements that write, making the file if need be.
func Run(path, statements string) error {
	pool, err := open(path, "rwc")
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(context.Background(), statements)
	return errors.Join(err, pool.Close())
}

// Lock takes the write lock of the file, as another process would, until release is called.
func Lock(t testing.TB, path string) (release func()) {
	t.Helper()
	return hold(t, path, "BEGIN IMMEDIATE")
}

// Hold opens a reader's view of the file as it is now, as another process would, until release is
// called. The WAL cannot be reset meanwhile.
func Hold(t testing.TB, path string) (release func()) {
	t.Helper()
	return hold(t, path, "BEGIN; SELECT count(*) FROM tiers")
}

func hold(t testing.TB, path, statement string) (release func()) {
	t.Helper()
	ctx := context.Background()
	pool, err := open(path, "rw")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pool.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, statement)
	}
	if err != nil {
		t.Fatalf("%s: %v", statement, errors.Join(err, pool.Close()))
	}
	return func() {
		t.Helper()
		_, err := conn.ExecContext(ctx, "ROLLBACK")
		if err := errors.Join(err, conn.Close(), pool.Close()); err != nil {
			t.Errorf("release: %v", err)
		}
	}
}

// CopyOpen copies the file at from and its WAL to a path that holds neither: what a crash at this
// instant would leave. Nothing may be writing to it meanwhile.
func CopyOpen(from, to string) error {
	for _, suffix := range []string{"", "-wal"} {
		err := copyFile(from+suffix, to+suffix)
		if err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	_, err = io.Copy(target, source)
	return err
}

func open(path, mode string, setUp ...func(*sqlite3.Conn) error) (*sql.DB, error) {
	if err := registerVFS(); err != nil {
		return nil, err
	}
	query := url.Values{"mode": {mode}, "vfs": {vfsName}, "_pragma": {"busy_timeout(5000)"}}
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}
	return driver.Open(name.String(), setUp...)
}
