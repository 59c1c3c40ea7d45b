package repo_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A bit flips in what the file says of each table, index, trigger and the view: a process that
// opens the file for writing puts it right, and a reader meanwhile reads what was written, or hears
// that this will be done.
func TestSchemaDamaged(t *testing.T) {
	random := filetest.Random(t)
	whole := record(t)
	want, schema := ask(t, whole), storedSchema(t, whole)
	for _, entry := range schema {
		for _, column := range []string{[]string{"type", "name", "tbl_name"}[random.IntN(3)], "sql"} {
			text := filetest.Query(t, whole, "SELECT "+column+" FROM sqlite_schema WHERE rowid = ?",
				entry[0])[0][0]
			if text == nil {
				continue
			}
			damaged := []byte(fmt.Sprint(text))
			place := random.IntN(len(damaged))
			damaged[place] ^= 1 << random.IntN(8)
			what := fmt.Sprintf("%s of %s with %q at %d", column, entry[2], damaged[place], place)

			path := copyOf(t, whole)
			writeSchema(t, path, fmt.Sprintf("%s = CAST(x'%x' AS TEXT)", column, damaged), entry[0])
			if err := glance(t, path); err == nil {
				if diff := cmp.Diff(want, ask(t, path)); diff != "" {
					t.Errorf("%s: a reader reads (-want +got):\n%s", what, diff)
				}
			} else if !errors.Is(err, repo.ErrDamaged) {
				t.Errorf("%s: a reader says %v", what, err)
			}
			found := open(t, path).Findings()
			if found.MendedSchema != entry[2] || found.Quarantine != nil {
				t.Errorf("%s: found %+v", what, found)
			}
			if diff := cmp.Diff(schema, storedSchema(t, path)); diff != "" {
				t.Errorf("%s: the schema (-want +got):\n%s", what, diff)
			}
			if diff := cmp.Diff(want, ask(t, path)); diff != "" {
				t.Errorf("%s: (-want +got):\n%s", what, diff)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// glance has a reader look at a file, as each question does first. A table may turn out to be
// damaged only then: it has a rowid where a NUL ends its text before WITHOUT ROWID.
func glance(t *testing.T, path string) error {
	t.Helper()
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		return err
	}
	s, err := r.Snapshot(t.Context())
	if err == nil {
		err = s.Close()
	}
	return errors.Join(err, r.Close())
}

// What somebody may have changed is left alone.
func TestSchemaChanged(t *testing.T) {
	whole := record(t)
	for name, text := range map[string]string{
		"a column of another name": "ALTER TABLE push_sent RENAME COLUMN sent TO send",
		"a trigger of another name": "DROP TRIGGER tiers_by_hand; CREATE TRIGGER tiers_by_hant AFTER " +
			"UPDATE ON tiers BEGIN SELECT 1; END",
		"a longer text": "PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = sql " +
			"|| ' ' WHERE name = 'metrics'",
		"another text": "PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = " +
			"upper(sql) WHERE name = 'metrics'",
		"damage of what was packed": "VACUUM; PRAGMA writable_schema = on; UPDATE sqlite_schema SET " +
			"sql = replace(sql, 'Every', 'every') WHERE name = 'metrics'",
		"damage of what has a table": "CREATE TABLE mine (x); PRAGMA writable_schema = on; UPDATE " +
			"sqlite_schema SET sql = replace(sql, 'sum', 'sun')",
	} {
		t.Run(name, func(t *testing.T) {
			path := copyOf(t, whole)
			filetest.Exec(t, path, text)
			schema := storedSchema(t, path)
			w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
			if err == nil {
				if found := w.Findings(); found != (repo.Findings{}) {
					t.Errorf("found %+v", found)
				}
				err = w.Close()
			}
			if err != nil && !errors.Is(err, repo.ErrForeign) && !errors.Is(err, repo.ErrIncomplete) {
				t.Error(err)
			}
			if diff := cmp.Diff(schema, storedSchema(t, path)); diff != "" {
				t.Errorf("the schema (-want +got):\n%s", diff)
			}
		})
	}
}

func copyOf(t *testing.T, path string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "history.db")
	if err := filetest.CopyOpen(path, copied); err != nil {
		t.Fatal(err)
	}
	return copied
}

// writeSchema changes an entry as damage does: SQLite does not count it as a change.
func writeSchema(t *testing.T, path, set string, row any) {
	t.Helper()
	filetest.Exec(t, path,
		fmt.Sprintf("PRAGMA writable_schema = on; UPDATE sqlite_schema SET %s WHERE rowid = %v", set,
			row))
}

// storedSchema is what a file says of its tables: row, type, name, table, page and text.
func storedSchema(t *testing.T, path string) (entries [][]string) {
	t.Helper()
	for _, row := range filetest.Query(t, path,
		"SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY rowid") {
		var entry []string
		for _, value := range row {
			entry = append(entry, fmt.Sprint(value))
		}
		entries = append(entries, entry)
	}
	return entries
}
