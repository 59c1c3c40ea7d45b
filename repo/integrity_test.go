package repo_test

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// What somebody adds to a history, and whether that keeps to its own rules, is no matter of the
// history: it is recorded, read and copied as ever.
func TestAdditionsOfSomebody(t *testing.T) {
	for name, text := range map[string]string{
		"a rule that is broken": "CREATE TABLE mine (x CHECK (x > 0)); " +
			"PRAGMA ignore_check_constraints = on; INSERT INTO mine VALUES (-1);",
		"a rule with a function of the shell": "CREATE TABLE mine (x CHECK (sha3(x) IS NOT NULL)); " +
			"INSERT INTO mine VALUES (1);",
		"an index with a function of the shell": "CREATE TABLE mine (x); CREATE INDEX i ON mine " +
			"(decimal(x)); INSERT INTO mine VALUES (1);",
		"an order of the shell": "CREATE TABLE mine (x COLLATE uint UNIQUE); " +
			"INSERT INTO mine VALUES (1), (2);",
		"a column with a function of the shell": "CREATE TABLE mine (x, y AS (decimal(x)) STORED); " +
			"INSERT INTO mine (x) VALUES (1);",
		"an index and a trigger of our tables": "CREATE INDEX i ON rollups (ts); " +
			"CREATE TRIGGER t AFTER INSERT ON series BEGIN SELECT 1; END;",
		"an index of our buckets in another order": "CREATE INDEX i ON rollups " +
			"(granularity, series_id, ts DESC, count, sum, min, max, chk);",
		"a table of a module that is not there": "CREATE VIRTUAL TABLE f USING rtree(a, b, c); " +
			"INSERT INTO f VALUES (1, 2, 3);",
		"a view and a trigger with several SELECTs": "CREATE VIEW both AS SELECT 1 UNION SELECT 2; " +
			"CREATE TRIGGER t AFTER INSERT ON series BEGIN SELECT 1 UNION SELECT 2; END;",
		"statistics": "ANALYZE;",
	} {
		t.Run(name, func(t *testing.T) {
			path := record(t)
			want := ask(t, path)
			shell(t, path, text)
			if got := check(t, path); got != "ok" {
				t.Errorf("the check says %q", got)
			}
			recordsOn(t, path, want)
		})
	}
}

func check(t *testing.T, path string) string {
	t.Helper()
	r, err := repo.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	status, err := r.Status(t.Context())
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return status.Check
}

// change replaces a text on the first page of a table or an index.
func change(t *testing.T, path, object, from, to string) {
	t.Helper()
	root := filetest.Int(t, path, "SELECT rootpage FROM sqlite_schema WHERE name = ?", object)
	file := []byte(readFile(t, path))
	size := int64(512)
	page := file[(root-1)*size : root*size]
	if !bytes.Contains(page, []byte(from)) {
		t.Fatalf("%s does not have %q on page %d", object, from, root)
	}
	copy(page, bytes.ReplaceAll(page, []byte(from), []byte(to)))
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// An index that somebody has made is theirs, also of our tables.
func TestDamagedIndexOfSomebody(t *testing.T) {
	path := record(t)
	want := ask(t, path)
	filetest.Exec(t, path, "CREATE INDEX mine ON series (wan_name)")
	change(t, path, "mine", "wan", "man")
	if got := check(t, path); got != "ok" {
		t.Errorf("the check says %q", got)
	}
	recordsOn(t, path, want)
	filetest.Exec(t, path, "DROP INDEX mine") // or the history would fail its check
}

// Where the index of the series and their rows differ, opening brings them together.
func TestDamagedIndexOfTheSeries(t *testing.T) {
	const index = "sqlite_autoindex_series_1"
	for _, object := range []string{index, "series"} {
		path := record(t)
		if object == "series" {
			filetest.Exec(t, path, "UPDATE series SET chk = 1") // which is not its check value
		}
		change(t, path, object, "wan", "man")
		if got := check(t, path); !strings.Contains(got, "missing from index "+index) {
			t.Errorf("%s: the check says %q", object, got)
		}
		w := open(t, path)
		if found := w.Findings(); found.Quarantine != nil {
			t.Errorf("%s: it was moved aside: %v", object, found.Quarantine.Cause)
		}
		if got := check(t, path); got != "ok" {
			t.Errorf("%s: afterwards the check says %q", object, got)
		}
	}
}

// Pages that are exchanged or doubled are damage, although each of them is sound by itself.
func TestExchangedPages(t *testing.T) {
	const size = 512
	for name, doubled := range map[string]bool{"exchanged": false, "doubled": true} {
		t.Run(name, func(t *testing.T) {
			path := record(t)
			first, second := leaves(t, path)
			file := []byte(readFile(t, path))
			was := bytes.Clone(file[first*size:][:size])
			copy(file[first*size:], file[second*size:][:size])
			if !doubled {
				copy(file[second*size:], was)
			}
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := check(t, path); got == "ok" {
				t.Error("the check says ok")
			}
			if found := open(t, path).Findings(); found.Quarantine == nil {
				t.Error("it was not moved aside")
			}
		})
	}
}

// A page that has taken the place of the root above it leaves sound pages that nothing refers to,
// wherever the view stands in SQLite's list of tables.
func TestPagesThatNothingRefersTo(t *testing.T) {
	const size = 512
	for name, text := range map[string]string{
		"as it was made": "", "packed": "VACUUM;",
		"a table of somebody": "CREATE TABLE mine (x);",
		"a view of somebody":  "CREATE VIEW mine AS SELECT 1 UNION SELECT 2;",
	} {
		t.Run(name, func(t *testing.T) {
			path := record(t)
			shell(t, path, text)
			leaf, _ := leaves(t, path)
			root := filetest.Int(t, path, "SELECT rootpage - 1 FROM sqlite_schema WHERE name = 'rollups'")
			file := []byte(readFile(t, path))
			copy(file[root*size:][:size], file[leaf*size:])
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			if got := check(t, path); !strings.Contains(got, "never used") {
				t.Errorf("the check says %q", got)
			}
			if found := open(t, path).Findings(); found.Quarantine == nil {
				t.Error("it was not moved aside")
			}
		})
	}
}

// leaves are two pages of rollups.
func leaves(t *testing.T, path string) (first, second int) {
	t.Helper()
	found := strings.Fields(shell(t, path,
		"SELECT pageno - 1 FROM dbstat WHERE name = 'rollups' AND pagetype = 'leaf' LIMIT 2;"))
	if len(found) != 2 {
		t.Skip(found)
	}
	first, err := strconv.Atoi(found[0])
	if err != nil {
		t.Skip(found) // the shell has been built without this table
	}
	second, err = strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return first, second
}
