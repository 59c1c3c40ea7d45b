// Package plans keeps what SQLite makes of the program's statements in golden files: a lost index,
// a table that is scanned or a sort that was not there before shows as a difference. The plans are
// those of a file without statistics, as every file of the program is: it never runs ANALYZE.
package plans

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/db"
	olddb "github.com/wanstore/wanstore/db/old"
	wanctldb "github.com/wanstore/wanstore/db/wanctl"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/tests/internal/update"
)

// TestGeneratedQueries keeps the text of every generated query and its plan.
func TestGeneratedQueries(t *testing.T) {
	checkQueries(t, openMigrated(t), "queries", func(c *collector) error {
		_, err := db.Prepare(t.Context(), c)
		return err
	})
}

// TestGeneratedQueriesOfWanctl does so for those that read the databases of wanctl.
func TestGeneratedQueriesOfWanctl(t *testing.T) {
	database := filetest.NewWanctlDB(t)
	checkQueries(t, openReadOnly(t, database.Path), "queries/wanctl", func(c *collector) error {
		_, err := wanctldb.Prepare(t.Context(), c)
		return err
	})
}

// TestGeneratedQueriesOfOldFiles does so for those that copy files of earlier versions, one of
// which counts rows, and so scans.
func TestGeneratedQueriesOfOldFiles(t *testing.T) {
	path := filetest.Path(t)
	filetest.Old{Version: 2}.Make(t, path, "")
	conn := openReadOnly(t, path)
	if err := conn.Exec("ATTACH '" + makeMigrated(t) + "' AS rebuilt"); err != nil {
		t.Fatal(err)
	}
	queries := generatedQueries(t, func(c *collector) error {
		_, err := olddb.Prepare(t.Context(), c)
		return err
	})
	golden := filepath.Join("testdata", "queries", "old")
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		plan := explain(t, conn, queries[name])
		update.Golden(t, filepath.Join(golden, name+".golden"),
			queries[name]+"\n"+strings.Join(plan, "\n")+"\n")
	}
	checkNoneLeft(t, golden, queries)
}

func checkQueries(t *testing.T, conn *sqlite3.Conn, folder string, prepare func(*collector) error) {
	t.Helper()
	comments := readComments(t, folder)
	queries := generatedQueries(t, prepare)
	golden := filepath.Join("testdata", folder)
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, conn, queries[name])
			update.Golden(t, filepath.Join(golden, name+".golden"),
				queries[name]+"\n"+strings.Join(plan, "\n")+"\n")
			for _, step := range plan {
				if err := admitted(step, queries[name], comments[name]); err != nil {
					t.Errorf("%v; the comment below its name says: %s", err, comments[name])
				}
			}
		})
	}
	checkNoneLeft(t, golden, queries)
}

// TestView keeps the plans of what other programs ask the view.
func TestView(t *testing.T) {
	conn := openMigrated(t)
	const columns = "SELECT timestamp, wan_name, metric_name, value, labels, granularity FROM metrics"
	queries := map[string]string{
		"all":         "SELECT * FROM metrics",
		"count":       "SELECT count(*) FROM metrics",
		"granularity": columns + " WHERE granularity = '5m' ORDER BY timestamp",
		"latest": columns + " WHERE metric_name = 'wanctl_rtt_ms' AND wan_name = 'a' " +
			"ORDER BY timestamp DESC LIMIT 1",
		"metric-range": columns + " WHERE timestamp >= 1 AND timestamp < 2 " +
			"AND metric_name = 'wanctl_rtt_ms' AND wan_name = 'a' ORDER BY timestamp",
		"recent": columns + " WHERE timestamp >= 1 ORDER BY timestamp DESC LIMIT 100",
		"metric-totals": "SELECT wan_name, metric_name, sum(count), sum(value * count) / sum(count) " +
			"FROM metrics GROUP BY wan_name, metric_name",
	}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, conn, queries[name])
			update.Golden(t, filepath.Join("testdata", "view", name+".golden"),
				queries[name]+"\n\n"+strings.Join(plan, "\n")+"\n")
		})
	}
	checkNoneLeft(t, filepath.Join("testdata", "view"), queries)
}

// openMigrated opens a file as the program makes it.
func openMigrated(t *testing.T) *sqlite3.Conn {
	t.Helper()
	return openReadOnly(t, makeMigrated(t))
}

func makeMigrated(t *testing.T) (path string) {
	t.Helper()
	path = filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func openReadOnly(t *testing.T, path string) *sqlite3.Conn {
	t.Helper()
	conn, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READONLY)
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.SetUp(conn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// generatedQueries returns the text of every generated query, by name.
func generatedQueries(t *testing.T, prepare func(*collector) error) map[string]string {
	t.Helper()
	var c collector
	if err := prepare(&c); err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, text := range c.texts {
		match := queryName.FindStringSubmatch(text)
		if match == nil {
			t.Fatalf("a query without a name: %s", text)
		}
		queries[match[1]] = text
	}
	if len(queries) != len(c.texts) {
		t.Fatalf("%d queries have %d names", len(c.texts), len(queries))
	}
	return queries
}

// collector is a database that is asked to prepare statements and only remembers them.
type collector struct {
	db.DBTX // nil: nothing else is called

	texts []string
}

func (c *collector) PrepareContext(_ context.Context, text string) (*sql.Stmt, error) {
	c.texts = append(c.texts, text)
	return nil, nil //nolint:nilnil // nobody runs it
}

// explain returns the plan of a statement, indented as SQLite's shell shows it.
func explain(t *testing.T, conn *sqlite3.Conn, query string) []string {
	t.Helper()
	stmt, _, err := conn.Prepare("EXPLAIN QUERY PLAN " + query)
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	depth := map[int]int{0: -1}
	var lines []string
	for stmt.Step() {
		id, parent, detail := stmt.ColumnInt(0), stmt.ColumnInt(1), stmt.ColumnText(3)
		depth[id] = depth[parent] + 1
		lines = append(lines, strings.Repeat("  ", depth[id])+detail)
	}
	if err := stmt.Err(); err != nil {
		t.Fatal(err)
	}
	if len(lines) == 0 {
		lines = []string{"(no plan: nothing is looked for)"}
	}
	return lines
}

var (
	queryName    = regexp.MustCompile(`^-- name: (\w+) :\w+\n`)
	scanStep     = regexp.MustCompile(`\bSCAN (\w+)`)
	sortStep     = regexp.MustCompile(`\bUSE TEMP B-TREE`)
	tableAlias   = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|INTO)\s+(\w+)(?:\s+AS\s+(\w+))?`)
	historyTable = regexp.MustCompile(
		`^(raw_blocks|raw_samples|rollups|sketches|state_rollups|metrics)$`)
)

// admitted refuses a step that scans a table of samples or buckets, also to index the table for
// this once, and one that sorts where the query's comment does not say so. The other tables are
// small.
func admitted(step, query, comment string) error {
	if strings.Contains(step, "AUTOMATIC") {
		return fmt.Errorf("an index is missing: %s", strings.TrimSpace(step))
	}
	if sortStep.MatchString(step) && !strings.Contains(comment, "temporary B-tree") {
		return fmt.Errorf("sorts in a temporary B-tree: %s", strings.TrimSpace(step))
	}
	match := scanStep.FindStringSubmatch(step)
	if match != nil && historyTable.MatchString(resolve(match[1], query)) {
		return fmt.Errorf("scans all of %s: %s", resolve(match[1], query), strings.TrimSpace(step))
	}
	return nil
}

// The check is worth nothing if it does not see a scan.
func TestScansAreSeen(t *testing.T) {
	conn := openMigrated(t)
	for _, query := range []string{
		"SELECT value FROM raw_samples WHERE series_id = 1",
		"SELECT b.payload FROM raw_blocks AS b WHERE b.last_ts >= 1",
		"SELECT r.ts FROM rollups AS r WHERE r.ts < 1",
		"SELECT s.id, q.ts FROM series AS s JOIN state_rollups AS q ON q.value = s.last_value",
		"SELECT ts, series_id FROM raw_samples WHERE ts > 1 ORDER BY series_id",
	} {
		plan := explain(t, conn, query)
		if !slices.ContainsFunc(plan,
			func(step string) bool { return admitted(step, query, "Walks nothing.") != nil }) {
			t.Errorf("%s is admitted: %q", query, plan)
		}
	}
}

// resolve returns the table that has a name in the query.
func resolve(name, query string) string {
	for _, match := range tableAlias.FindAllStringSubmatch(query, -1) {
		if match[2] == name {
			return match[1]
		}
	}
	return name
}

// readComments returns the lines right below the name of every query in a folder: sqlc does not
// keep them in the text.
func readComments(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", folder, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no query files: %v", err)
	}
	comments := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, above := "", false // above: still above the statement
		for line := range strings.Lines(string(text)) {
			comment, ok := strings.CutPrefix(line, "-- ")
			if match := queryName.FindStringSubmatch(line); match != nil {
				name, above = match[1], true
			} else if ok && above {
				comments[name] += comment
			} else {
				above = false
			}
		}
	}
	return comments
}

// checkNoneLeft finds golden files of queries that are gone.
func checkNoneLeft(t *testing.T, directory string, queries map[string]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(directory, "*.golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, known := queries[strings.TrimSuffix(filepath.Base(file), ".golden")]; known {
			continue
		}
		if !update.Requested(t) {
			t.Errorf("%s is of no query that there is", file)
		} else if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}
