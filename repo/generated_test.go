package repo

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"

	"github.com/wanstore/wanstore/db"
	olddb "github.com/wanstore/wanstore/db/old"
	wanctldb "github.com/wanstore/wanstore/db/wanctl"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// sqlc leaves a named parameter alone wherever it does not walk the tree, such as in HAVING: the
// statement then has a parameter that nothing is ever bound to, which is NULL and gives wrong
// results without an error. This test asks SQLite itself, for every generated query, which
// parameters there are.
func TestGeneratedQueries(t *testing.T) {
	w := openGuardedFile(t)
	checkPackage(t, guarded{
		folder: "queries",
		conn:   w.conn,
		made:   func(database db.DBTX) any { return db.New(database) },
		run:    w.q,
		fill:   fillHistory,
	})
	t.Run("the guard sees miscompiles", func(t *testing.T) { checkGuard(t, w.conn) })
}

// The same for what reads the databases of wanctl.
func TestGeneratedQueriesOfWanctl(t *testing.T) {
	conn := openGuardedWanctl(t)
	checkPackage(t, guarded{
		folder: "queries/wanctl",
		conn:   conn,
		made:   func(database db.DBTX) any { return wanctldb.New(database) },
		run:    wanctldb.New(conn),
		fill: []string{`INSERT INTO metrics (timestamp, wan_name, metric_name, value, labels)
			VALUES (1, '[1]', '[1]', 1.5, '[1]')`},
	})
}

// The same for what copies files of earlier versions.
func TestGeneratedQueriesOfOldFiles(t *testing.T) {
	conn := openGuardedOld(t)
	checkPackage(t, guarded{
		folder: "queries/old",
		conn:   conn,
		made:   func(database db.DBTX) any { return olddb.New(database) },
		run:    olddb.New(conn),
		fill: []string{
			`INSERT INTO raw_samples VALUES (1, 2, 1.5), (1, 3, 1.5)`,
			`INSERT INTO rollups VALUES ('[1]', 1, 2, 1, 1.5, 1.5, 1.5), ('[1]', 2, 1, 1, 1.5, 1.5, 1.5)`,
			`INSERT INTO state_rollups VALUES ('[1]', 1, 1, 3, 1), ('[1]', 1, 2, 3, 1)`,
		},
	})
}

// guarded is a package of generated queries.
type guarded struct {
	folder string // of its query files
	conn   *sql.Conn
	made   func(db.DBTX) any // makes its Queries
	run    any               // its Queries, of conn
	fill   []string          // statements that insert rows which typical arguments find
}

func checkPackage(t *testing.T, g guarded) {
	t.Helper()
	written := readQueryFiles(t, g.folder)
	called := callGenerated(t, g.made)
	diff := cmp.Diff(slices.Sorted(maps.Keys(written)), slices.Sorted(maps.Keys(called)))
	if diff != "" {
		t.Fatalf("%s and the methods of Queries differ (-written +generated):\n%s", g.folder, diff)
	}
	for _, name := range slices.Sorted(maps.Keys(called)) {
		t.Run(name, func(t *testing.T) {
			if err := checkBinds(g.conn, called[name]); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(written[name].parameters(), called[name].fields); diff != "" {
				t.Errorf("parameters (-written +generated):\n%s", diff)
			}
			if err := written[name].checkComment(); err != nil {
				t.Error(err)
			}
			runGenerated(t, g, name)
		})
	}
}

// checkGuard shows the guard what it is there for: the shapes in which sqlc leaves parameters
// behind, as it writes them.
func checkGuard(t *testing.T, conn *sql.Conn) {
	t.Helper()
	for name, c := range map[string]struct {
		call call
		want string
	}{
		"a name left in HAVING": {
			call{sql: "SELECT series_id FROM raw_samples WHERE ts >= ?1 GROUP BY series_id HAVING " +
				"count(*) > @x", args: []any{int64(1)}},
			"2 parameters, and 1 arguments are passed",
		},
		"a name beside as many arguments": {
			call{sql: "SELECT series_id FROM raw_samples GROUP BY series_id HAVING count(*) > @x",
				args: []any{int64(1)}},
			`parameter 1 is "@x"`,
		},
		"an argument without a parameter": {
			call{sql: "SELECT ts FROM raw_samples WHERE ts >= ?1", args: []any{int64(1), int64(2)}},
			"1 parameters, and 2 arguments are passed",
		},
		"a number left out": {
			call{sql: "SELECT ts FROM raw_samples WHERE ts >= ?1 AND ts < ?3",
				args: []any{int64(1), int64(2), int64(3)}},
			`parameter 2 is ""`,
		},
		"two statements": {
			call{sql: "DELETE FROM raw_samples WHERE ts < ?1; DELETE FROM rollups", args: []any{int64(1)}},
			"a second statement",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkBinds(conn, c.call)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the guard says %v, want %q", err, c.want)
			}
		})
	}
}

// call is what a generated method hands to the database.
type call struct {
	sql    string
	args   []any
	fields []string // names of the method's parameters, as Go has them
}

// checkBinds prepares a statement and compares its parameters with the arguments given.
func checkBinds(conn *sql.Conn, c call) error {
	return sqlite.Raw(conn, func(raw *sqlite3.Conn) error {
		stmt, tail, err := raw.Prepare(c.sql)
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		defer stmt.Close()
		if strings.TrimSpace(tail) != "" {
			return fmt.Errorf("a second statement follows: %s", tail)
		}
		var problems []error
		if n := stmt.BindCount(); n != len(c.args) {
			problems = append(problems,
				fmt.Errorf("the statement has %d parameters, and %d arguments are passed", n, len(c.args)))
		}
		for i := 1; i <= stmt.BindCount(); i++ {
			// A parameter whose number no ?NNN mentions has no name.
			if name := stmt.BindName(i); name != fmt.Sprintf("?%d", i) {
				problems = append(problems, fmt.Errorf("parameter %d is %q: nothing is bound to it", i, name))
			}
		}
		return errors.Join(problems...)
	})
}

// callGenerated calls every method of Queries that is a query, and returns what it did.
func callGenerated(t *testing.T, made func(db.DBTX) any) map[string]call {
	t.Helper()
	spy := &spy{DB: sql.OpenDB(refusing{})}
	defer spy.Close()
	queries := reflect.ValueOf(made(spy))
	calls := map[string]call{}
	for i := range queries.NumMethod() {
		name, method := queries.Type().Method(i).Name, queries.Method(i)
		if !isQuery(method) {
			continue
		}
		arguments, fields := typicalArguments(t, name, method.Type())
		spy.calls = nil
		method.Call(arguments)
		if len(spy.calls) != 1 {
			t.Fatalf("%s made %d calls, want 1", name, len(spy.calls))
		}
		one := spy.calls[0]
		one.fields = fields
		calls[name] = one
	}
	return calls
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// isQuery tells the queries from Close and WithTx: they begin with a context and end with an error.
func isQuery(method reflect.Value) bool {
	t := method.Type()
	return t.NumIn() > 0 && t.In(0) == contextType && t.NumOut() > 0 &&
		t.Out(t.NumOut()-1) == errorType
}

// typicalArguments makes the arguments of a method, and returns the names of its parameters: sqlc
// passes one as it is and more as the fields of a struct.
func typicalArguments(
	t *testing.T, name string, method reflect.Type,
) (arguments []reflect.Value, fields []string) {
	t.Helper()
	arguments = []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < method.NumIn(); i++ {
		argument := reflect.New(method.In(i)).Elem()
		if argument.Kind() != reflect.Struct {
			setTypical(t, name, "", argument)
			arguments = append(arguments, argument)
			continue
		}
		for j := range argument.NumField() {
			field := argument.Type().Field(j).Name
			fields = append(fields, field)
			setTypical(t, name, field, argument.Field(j))
		}
		arguments = append(arguments, argument)
	}
	if len(fields) == 0 && method.NumIn() > 1 {
		fields = []string{""} // sqlc does not keep its name
	}
	return arguments, fields
}

func setTypical(t *testing.T, query, field string, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case string:
		v.SetString("[1]") // also a JSON array, for json_each
		if field == "Aggregation" {
			v.SetString(string(Average)) // a CHECK wants it
		}
	case int64:
		v.SetInt(1)
	case float64:
		v.SetFloat(1.5)
	case []byte:
		v.SetBytes([]byte{1})
	case sql.NullInt64:
		v.Set(reflect.ValueOf(sql.NullInt64{Int64: 1, Valid: true}))
	default:
		// interface{} above all: sqlc has not understood the expression, which wants a CAST.
		t.Errorf("%s has a parameter of type %s", query, v.Type())
	}
}

// spy is a database that refuses everything and remembers what it was asked.
type spy struct {
	*sql.DB // of a refusing connector
	calls   []call
}

func (s *spy) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s.calls = append(s.calls, call{sql: query, args: args})
	return s.DB.ExecContext(ctx, query, args...)
}

func (s *spy) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s.calls = append(s.calls, call{sql: query, args: args})
	return s.DB.QueryContext(ctx, query, args...)
}

func (s *spy) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	s.calls = append(s.calls, call{sql: query, args: args})
	return s.DB.QueryRowContext(ctx, query, args...)
}

// refusing connects to nothing, so that a sql.Row comes out that can be scanned.
type refusing struct{}

func (refusing) Connect(context.Context) (driver.Conn, error) { return nil, errors.New("refused") }
func (refusing) Driver() driver.Driver                        { return nil }

// runGenerated runs a query on the migrated file, inside a transaction that is rolled back: the
// types that sqlc has given to the columns must take what SQLite returns.
func runGenerated(t *testing.T, g guarded, name string) {
	t.Helper()
	errUndo := errors.New("undo")
	err := sqlite.Immediately(t.Context(), g.conn, func() error {
		for _, statement := range g.fill {
			if _, err := g.conn.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		method := reflect.ValueOf(g.run).MethodByName(name)
		arguments, _ := typicalArguments(t, name, method.Type())
		results := method.Call(arguments)
		if err, ok := reflect.TypeAssert[error](results[len(results)-1]); ok &&
			!errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return errUndo
	})
	if !errors.Is(err, errUndo) {
		t.Errorf("run: %v", err)
	}
}

// fillHistory inserts rows that typical arguments find.
var fillHistory = []string{
	`INSERT INTO series (id, metric_name, wan_name, labels, aggregation, last_ts, last_value)
	VALUES (1, 'a', 'w', '{}', 'avg', 1, 1.5), (2, 'b', 'w', '{}', 'mode', NULL, NULL),
	(257, 'c', 'w', '{}', 'avg', NULL, NULL)`,
	`INSERT INTO raw_samples (ts, series_id, value) VALUES (1, 1, 1.5), (2, 2, 3)`,
	// Of part 1, which is that of the typical list of parts, in its first microsecond and the next
	// one.
	`INSERT INTO raw_blocks (id, last_ts, count, payload) VALUES
	(10000000000000000, 1, 2, '[{"t":[0,1],"v":{"257":1.5}}]'),
	(10000000000000001, 1, 1, '[{"t":[0],"v":{"257":3}}]')`,
	`INSERT INTO rollups (granularity, series_id, ts, count, sum, min, max)
	VALUES ('[1]', 1, 1, 1, 1.5, 1.5, 1.5)`,
	`INSERT INTO state_rollups (granularity, series_id, ts, value, count) VALUES ('[1]', 2, 2, 3, 1)`,
	`INSERT INTO imports (id, source, format, bytes, lines, last_id, second, aggregated, hash,
	newest_id, newest_hash, updated)
	VALUES (1, 'f', 'csv', 1, 1, 1, 1, 1, x'01', 1, x'01', 1)`,
}

// writtenQuery is a query as it stands in queries/.
type writtenQuery struct {
	file    string
	comment string // the lines right below the name
	sql     string
}

var (
	queryName     = regexp.MustCompile(`(?m)^-- name: (\w+) :\w+\n`)
	namedArgument = regexp.MustCompile(`@(\w+)`)
	walksWords    = regexp.MustCompile(`(?i)\b(walks|scans|seek|appends)\b`)
	tableWords    = regexp.MustCompile(`\b(series|raw_blocks|raw_samples|rollups|sketches|` +
		`sample_groups|state_rollups|tiers|` +
		`metric_metadata|wanstore|clock|imports|salvages|` +
		`push_targets|push_sent|push_unsent|push_parked|metrics)\b`)
)

func readQueryFiles(t *testing.T, folder string) map[string]writtenQuery {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", folder, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no query files: %v", err)
	}
	queries := map[string]writtenQuery{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		other := func(b byte) bool { return b > 0x7e || b < ' ' && b != '\n' }
		if i := slices.IndexFunc(text, other); i >= 0 {
			t.Errorf("%s: byte %d is %#x: query files are ASCII only, or sqlc rewrites the wrong bytes",
				file, i, text[i])
		}
		parts := queryName.FindAllSubmatchIndex(text, -1)
		if n := strings.Count(string(text), "-- name:"); n != len(parts) {
			t.Errorf("%s: %d of its %d names are well formed", file, len(parts), n)
		}
		for i, part := range parts {
			name, end := string(text[part[2]:part[3]]), len(text)
			if i+1 < len(parts) {
				end = parts[i+1][0]
			}
			if _, twice := queries[name]; twice {
				t.Errorf("%s: a second %s", file, name)
			}
			queries[name] = newWrittenQuery(file, string(text[part[1]:end]))
		}
	}
	return queries
}

func newWrittenQuery(file, text string) writtenQuery {
	q := writtenQuery{file: file}
	for line := range strings.Lines(text) {
		if comment, ok := strings.CutPrefix(line, "-- "); ok && q.sql == "" {
			q.comment += comment
		} else {
			q.sql += line
		}
	}
	return q
}

// parameters lists the named parameters in the order in which they first turn up, as sqlc writes
// them in Go.
func (q writtenQuery) parameters() []string {
	var fields []string
	for _, match := range namedArgument.FindAllStringSubmatch(q.sql, -1) {
		field := ""
		for word := range strings.SplitSeq(match[1], "_") {
			if word == "id" {
				word = "ID"
			}
			field += strings.ToUpper(word[:1]) + word[1:]
		}
		if !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	if len(fields) == 1 {
		return []string{""} // passed as it is, without a struct
	}
	return fields
}

// checkComment wants to know which table the query walks, so that its editors think of its plan.
func (q writtenQuery) checkComment() error {
	if !walksWords.MatchString(q.comment) {
		return fmt.Errorf("%s: the comment below the name should say what the query walks, scans, "+
			"seeks or appends to: %q", q.file, q.comment)
	}
	for _, table := range tableWords.FindAllString(q.comment, -1) {
		if slices.Contains(tableWords.FindAllString(q.sql, -1), table) {
			return nil
		}
	}
	return fmt.Errorf("%s: the comment below the name should mention a table of the query: %q", q.file,
		q.comment)
}

func openGuardedFile(t *testing.T) *Writer {
	t.Helper()
	w, err := OpenWriter(t.Context(), filetest.Path(t), SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func openGuardedWanctl(t *testing.T) *sql.Conn {
	t.Helper()
	database := filetest.NewWanctlDB(t)
	pool, err := sqlite.OpenPool(database.Path, "file:"+database.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), pool.Close()); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// openGuardedOld opens a file of an earlier version, with a new one attached.
func openGuardedOld(t *testing.T) *sql.Conn {
	t.Helper()
	path := filetest.Path(t)
	filetest.Old{Version: 2}.Make(t, path, "")
	old, err := openOld(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	made := newFile{path: path + rebuildSuffix, old: old}
	t.Cleanup(func() {
		if err := errors.Join(old.close(false), made.remove()); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(made.create(t.Context()), made.attach(t.Context())); err != nil {
		t.Fatal(err)
	}
	return old.conn
}
