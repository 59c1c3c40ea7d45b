package leaves_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/repo/internal/leaves"
)

// start is the beginning of an hour.
const start repo.Micros = 1_800_000_000_000_000

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// history makes a history with rows in every table, from which much has been deleted. Nobody has it
// open.
func history(t testing.TB) (path string) {
	t.Helper()
	path = filetest.Path(t)
	data, err := made()
	must(t, errors.Join(err, os.WriteFile(path, data, 0o600)))
	return path
}

// made is that history, which takes a while.
var made = sync.OnceValues(func() (data []byte, err error) {
	directory, err := os.MkdirTemp("", "leaves")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	path := filepath.Join(directory, "history.db")
	w, err := repo.OpenWriter(context.Background(), path, repo.SynchronousNormal)
	if err != nil {
		return nil, err
	}
	err = errors.Join(fill(w), w.Close(), filetest.Run(path, byHand))
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// fill records three hours, rolls them up, and deletes the first of them.
func fill(w *repo.Writer) error {
	ctx := context.Background()
	series := manySeries()
	end := start.Add(3 * time.Hour)
	for from := start; from < end; from = from.Add(time.Minute) {
		if err := write(w, series, from, from.Add(time.Minute), 10*time.Second); err != nil {
			return err
		}
	}
	err := errors.Join(declare(w), w.JudgeClock(ctx, func(c repo.Clock) repo.Clock {
		c.Trusted, c.Seen = end, end
		return c
	}))
	for _, g := range []repo.Granularity{repo.Minute, repo.FiveMinutes, repo.Hour} {
		err = errors.Join(err, rollUp(w, g, end.Add(-10*time.Minute)))
	}
	late := start.Add(150*time.Minute + time.Second)
	return errors.Join(err,
		write(w, series[:3], late, late.Add(10*time.Minute), 7*time.Second),
		w.RaiseFloors(ctx, end), sweep(w),
		write(w, series, end, end.Add(5*time.Minute), time.Second),
		w.Checkpoint(ctx),
	)
}

// manySeries are means and states; the names of one take more than a page.
func manySeries() (series []*repo.Series) {
	for i := range 6 {
		key := repo.Key{MetricName: fmt.Sprintf("metric_%d", i), WANName: "cable", Labels: "{}"}
		series = append(series, &repo.Series{Key: key})
	}
	for _, wan := range []string{"cable", "radio"} {
		key := repo.Key{MetricName: "state", WANName: wan, Labels: "{}"}
		series = append(series, &repo.Series{Key: key, Aggregation: repo.Mode})
	}
	long := `{"x":"` + strings.Repeat("0123456789", 120) + `"}`
	key := repo.Key{MetricName: "metric_0", WANName: "radio", Labels: long}
	return append(series, &repo.Series{Key: key})
}

// write records a sample of each series at each step.
func write(
	w *repo.Writer, series []*repo.Series, from, until repo.Micros, step time.Duration,
) error {
	var samples []repo.Sample
	for ts := from; ts < until; ts = ts.Add(step) {
		for i, s := range series {
			value := float64(int(ts/1e6)*(i+3)%17) + 0.125*float64(i%2)
			if s.Aggregation == repo.Mode {
				value = float64(int(ts/40e6) % 4)
			}
			samples = append(samples, repo.Sample{Series: s, TS: ts, Value: value})
		}
	}
	batch := repo.Batch{Samples: samples, Latest: math.MaxInt64}
	return w.Append(context.Background(), batch, make([]repo.Outcome, len(samples)))
}

func declare(w *repo.Writer) error {
	metrics := []repo.MetricMetadata{
		{MetricName: "metric_1", Help: "One.", Unit: "ms", States: "{}", Percentiles: true},
		{MetricName: "state", Help: strings.Repeat("Two. ", 300), States: `{"0":"GREEN"}`},
	}
	choose := func(map[string]repo.MetricMetadata) []repo.MetricMetadata { return metrics }
	return w.DeclareMetrics(context.Background(), choose)
}

func rollUp(w *repo.Writer, to repo.Granularity, now repo.Micros) (err error) {
	for more := true; more && err == nil; {
		_, more, err = w.RollUp(context.Background(), to, now, 0)
	}
	return err
}

// sweep deletes what is below the floors.
func sweep(w *repo.Writer) (err error) {
	for more := true; more && err == nil; {
		_, more, err = w.SweepSamples(context.Background())
	}
	return err
}

// byHand changes some rows, which have no check values from then on, and adds a table of somebody.
const byHand = `
	UPDATE rollups SET count = count + 1 WHERE granularity = '5m' AND ts % 900000000 = 0;
	UPDATE raw_blocks SET last_ts = last_ts + 1 WHERE id % 7 = 0;
	UPDATE metric_metadata SET unit = 's' WHERE metric_name = 'metric_1';
	INSERT INTO imports (source, format, bytes, lines, last_id, second, aggregated, hash, newest_id,
		newest_hash, updated) VALUES ('x.csv', 'csv', 1, 2, 0, 0, 0, x'0102', 0, x'', 5);
	CREATE TABLE mine (id INTEGER PRIMARY KEY, a, b, c);
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
	INSERT INTO mine SELECT i, 500 - i, 'x' || i, i / 7.0 FROM n;
	CREATE INDEX mine_by_b ON mine (b, a);
	ANALYZE`

// inTheWAL makes a history that lies in its WAL as far as that goes.
func inTheWAL(t testing.TB) (path string) {
	t.Helper()
	from := filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), from, repo.SynchronousNormal)
	must(t, err)
	later := start.Add(4 * time.Hour)
	must(t, errors.Join(
		fill(w), write(w, manySeries()[:4], later, later.Add(5*time.Minute), time.Second),
	))
	path = filepath.Join(t.TempDir(), "copied.db")
	must(t, filetest.CopyOpen(from, path))
	must(t, w.Close())
	return path
}

// rows are how many rows there are of each text that says what one is like.
type rows map[string]int

func (r rows) minus(other rows) (left []string) {
	for _, row := range slices.Sorted(maps.Keys(r)) {
		if r[row] > other[row] {
			left = append(left, row)
		}
	}
	return left
}

// names are what the index of the series has.
const names = "SELECT metric_name, wan_name, labels, id FROM series"

// bySQLite returns the rows of all tables of a history. It reads a copy, so that the WAL stays.
func bySQLite(t testing.TB, path string) rows {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "read.db")
	must(t, filetest.CopyOpen(path, copied))
	found := rows{}
	for _, table := range leaves.Tables() {
		const info = "SELECT name FROM pragma_table_info(?) WHERE name <> 'chk'"
		columns := filetest.Query(t, copied, info, table)
		for _, row := range filetest.Query(t, copied, "SELECT "+list(columns)+" FROM "+table) {
			found[describe(table, row)]++
		}
	}
	for _, row := range filetest.Query(t, copied, names) {
		found[describe(leaves.SeriesNames, row)]++
	}
	return found
}

func list(columns [][]any) string {
	var names []string
	for _, column := range columns {
		names = append(names, column[0].(string))
	}
	return strings.Join(names, ", ")
}

func describe(table string, values []any) string {
	text := []byte(table)
	for _, value := range values {
		text = append(text, ' ')
		switch v := value.(type) {
		case nil:
			text = append(text, "NULL"...)
		case int64:
			text = strconv.AppendInt(text, v, 10)
		case float64:
			text = strconv.AppendFloat(append(text, 'r'), v, 'g', -1, 64)
		case string:
			text = strconv.AppendQuote(text, v)
		case []byte:
			text = strconv.AppendQuote(append(text, 'x'), string(v))
		default:
			panic(fmt.Sprintf("a column has a %T", value))
		}
	}
	return string(text)
}

func describeRow(row leaves.Row) string {
	values := make([]any, len(row.Values))
	for i, v := range row.Values {
		switch v.Kind {
		case leaves.Null:
		case leaves.Integer:
			values[i] = v.Int
		case leaves.Real:
			values[i] = v.Real
		case leaves.Text:
			values[i] = string(v.Bytes)
		case leaves.Blob:
			values[i] = v.Bytes
		}
	}
	return describe(row.Table, values)
}

// walked is what the pages of a file have.
type walked struct {
	rows     rows
	doubtful rows // those of them that are
	by       map[leaves.Proof]int
	kinds    map[leaves.PageKind]int
	givenUp  map[string]int
	pages    int
}

func walk(t testing.TB, path string) walked {
	t.Helper()
	file := open(t, path)
	return walkFile(t, file)
}

func open(t testing.TB, path string) *leaves.File {
	t.Helper()
	file, err := leaves.Open(t.Context(), path)
	must(t, err)
	t.Cleanup(func() { must(t, file.Close()) })
	return file
}

func walkFile(t testing.TB, file *leaves.File) walked {
	t.Helper()
	w := walked{
		rows: rows{}, doubtful: rows{}, by: map[leaves.Proof]int{},
		kinds: map[leaves.PageKind]int{}, givenUp: map[string]int{},
	}
	for page, err := range file.Walk(context.Background(), 1) {
		must(t, err)
		w.pages++
		w.kinds[page.Kind]++
		for _, row := range page.Rows {
			text := describeRow(row)
			w.rows[text]++
			w.by[row.Proof]++
			if page.Doubtful {
				w.doubtful[text]++
			}
		}
		for table, n := range page.GivenUp {
			w.givenUp[table] += n
		}
	}
	return w
}

// damaged puts a damaged copy of a file, and of its WAL, into a directory of the test.
func damaged(t testing.TB, path string, damage func(data []byte) []byte) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	copied := filepath.Join(t.TempDir(), "damaged.db")
	must(t, os.WriteFile(copied, damage(data), 0o600))
	if wal, err := os.ReadFile(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		must(t, errors.Join(err, os.WriteFile(copied+"-wal", wal, 0o600)))
	}
	return copied
}
