package importer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/wanctl"
	"github.com/wanstore/wanstore/service"
)

// rtt is a row of wanctl, so many seconds after begin.
func rtt(after int64, value float64, granularity string) filetest.WanctlRow {
	return filetest.WanctlRow{
		Second: begin.Unix() + after, WAN: "wan0", Metric: service.RTT, Value: value,
		Granularity: granularity,
	}
}

// aggregated is what is counted of aggregated rows that are left out.
func aggregated(rows int64) importer.Skipped { return importer.Skipped{Aggregated: rows} }

// take imports a database of wanctl. What it says of raw rows is for tests of their own.
func (s *store) take(db *filetest.WanctlDB, options importer.Options) (importer.Result, error) {
	s.t.Helper()
	result, err := importer.Wanctl(s.t.Context(), s.writer, db.Path,
		options.WithClock(func() time.Time { return now }))
	if sum := result.Stored + result.Duplicate + result.Refused.Total(); sum != result.Read {
		s.t.Errorf("%d rows read, but %d stored, duplicate or refused", result.Read, sum)
	}
	result.Raw = importer.RawRows{}
	return result, err
}

func (s *store) wantTaken(db *filetest.WanctlDB, want importer.Result) {
	s.t.Helper()
	got, err := s.take(db, importer.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	if got != want {
		s.t.Errorf("import: got %+v, want %+v", got, want)
	}
}

// samples returns what the store has of a WAN as text: microseconds after begin, and the value.
func (s *store) samples(wan string) []string {
	s.t.Helper()
	history, err := service.OpenHistory(context.Background(), s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer history.Close()
	var list []string
	query := service.Query{Filter: service.Filter{WAN: wan}, From: time.Unix(0, 0),
		Until: now.AddDate(1, 0, 0)}
	for point, err := range history.Range(context.Background(), query) {
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%d=%v", point.Time.Sub(begin).Microseconds(), point.Value))
	}
	return list
}

func (s *store) wantSamples(wan string, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.samples(wan)); diff != "" {
		s.t.Errorf("samples of %s (-want +got):\n%s", wan, diff)
	}
}

// An aggregated row becomes a sample where the history has nothing of its bucket, in an empty
// history and in one that is not.
func TestAggregatedRowsFillGaps(t *testing.T) {
	db := filetest.NewWanctlDB(t)
	db.Add(rtt(600, 9, "raw"), rtt(-7200, 1, "1h"), rtt(-300, 2, "5m"), rtt(0, 3, "1m"),
		rtt(0, 4, "1m"), rtt(600, 5, "raw"))

	s := newStore(t)
	s.wantTaken(db, importer.Result{Read: 6, Stored: 6})
	s.wantSamples("wan0", "-7200000000=1", "-300000000=2", "0=3", "500000=4", "600000000=9",
		"600500000=5")
	db.Add(rtt(540, 6, "1m"), rtt(600, 7, "1m"), rtt(660, 7, "1m"), rtt(700, 8, "raw"))
	s.wantTaken(db, importer.Result{Read: 3, Stored: 3, Skipped: aggregated(1), Known: 6})
	s.wantTaken(db, importer.Result{Known: 10})
	db.Add(rtt(540, 6, "5m"), rtt(-7200, 6, "5m"), rtt(840, 6, "5m"), rtt(900, 6, "1m"))
	s.wantTaken(db, importer.Result{Read: 1, Stored: 1, Skipped: aggregated(3), Known: 10})

	used := newStore(t)
	if _, err := used.add(write(t, "a.csv", header+rows(0, 1)), importer.Options{}); err != nil {
		t.Fatal(err)
	}
	used.wantTaken(db, importer.Result{Read: 9, Stored: 9, Skipped: aggregated(5)})
}

// An import that was interrupted among the aggregated rows takes the rest of them, though the store
// is empty no more, and though wanctl has made aggregated rows of the raw ones meanwhile.
func TestInterruptedAmongAggregatedRows(t *testing.T) {
	for name, gone := range map[string]bool{"the newest row is there": false, "it is gone": true} {
		t.Run(name, func(t *testing.T) {
			db, s := filetest.NewWanctlDB(t), newStore(t)
			db.Add(rtt(1, 21, "raw"))
			got := interrupt(t, s, db)
			if gone {
				db.Exec("DELETE FROM metrics WHERE granularity = 'raw'")
				db.Add(rtt(0, 20.5, "1m"))
			}
			rest, err := s.take(db, importer.Options{})
			if err != nil || rest.Skipped.Total() != 0 || rest.Known != got.Stored {
				t.Errorf("the rest: %+v, %v", rest, err)
			}
			for n, sample := range s.samples("wan0")[:20] {
				if want := fmt.Sprintf("%d=%d", (60*n-7200)*1e6, n); sample != want {
					t.Errorf("sample %d is %s, want %s", n, sample, want)
				}
			}
			again, err := s.take(db, importer.Options{})
			if err != nil || again.Read != 0 || again.Known != got.Stored+rest.Stored {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

func TestBadRows(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	// Nothing keeps these columns from holding what they should not.
	db.Exec(`DROP TABLE metrics;
		CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp INTEGER, wan_name TEXT,
		metric_name TEXT, value REAL, labels TEXT, granularity TEXT DEFAULT 'raw');
		CREATE INDEX idx_metrics_timestamp ON metrics(timestamp)`)
	db.Add(rtt(0, 1, "raw"))
	at := begin.Unix()
	insert := func(columns ...any) {
		db.Exec("INSERT INTO metrics (timestamp, wan_name, metric_name, value, labels, granularity) "+
			"VALUES (?, ?, ?, ?, ?, ?)", columns...)
	}
	insert(at, "w", "m", nil, nil, "raw")              // 2
	insert(at, "w", "m", "fast", nil, "raw")           // 3
	insert(at, "w", "m", 1.0, "{", "raw")              // 4
	insert(at, "w", "m", 1.0, `{"a":1}`, "raw")        // 5
	insert(at, "", "m", 1.0, nil, "raw")               // 6
	insert(at, nil, "m m", 1.0, nil, "raw")            // 7
	insert(at, "w", "m", 1.0, nil, "2m")               // 8
	insert(at, "w", "m", 1.0, nil, nil)                // 9
	insert("noon", "w", "m", 1.0, nil, "raw")          // 10
	insert(float64(at)+0.5, "w", "m", 1.0, nil, "raw") // 11
	insert(at*1000, "w", "m", 1.0, nil, "raw")         // 12
	insert(-1, "w", "m", 1.0, nil, "raw")              // 13
	insert([]byte{1}, "w", "m", 1.0, nil, "raw")       // 14
	insert(at, "w", "m", 1.0, `{"wan":"x"}`, "raw")    // 15
	insert(nil, "w", "m", 1.0, nil, "raw")             // 16
	insert(at, "w", "m", -1e300, nil, "raw")           // 17
	db.Exec("UPDATE metrics SET value = 9e999 WHERE id = 15")
	db.Add(rtt(1, 2, "raw"))

	got, err := s.take(db, importer.Options{})
	var bad *importer.LineError
	if !errors.As(err, &bad) || bad.Row != 10 || got != (importer.Result{Bad: 1}) {
		t.Errorf("strict: got %+v, %v, want that row 10 stops it", got, err)
	}
	var lines []string
	got, err = s.take(db, importer.Options{SkipBad: true, OnBad: func(bad *importer.LineError) {
		lines = append(lines, strings.TrimPrefix(bad.Error(), db.Path+": "))
	}})
	if want := (importer.Result{Read: 2, Stored: 2, Bad: 15,
		Skipped: importer.Skipped{OtherLabels: 1}}); err != nil || got != want {
		t.Errorf("skipping: got %+v, %v, want %+v", got, err, want)
	}
	want := []string{
		`row 10: timestamp "noon": not a number`,
		fmt.Sprintf("row 12: timestamp %d: out of range, want seconds from 1970 to 9999", at*1000),
		"row 13: timestamp -1: out of range, want seconds from 1970 to 9999",
		"row 14: timestamp x'01': not a number",
		"row 16: timestamp NULL: not a number",
		"row 2: value NULL: not a number",
		`row 3: value "fast": not a number`,
		`row 4: labels "{": not a JSON object of strings, such as {"interface":"eth0"} or {}`,
		"row 6: bad name: the name of the WAN is empty",
		`row 7: bad name: metric name "m m" may have letters, digits, _ and : only` +
			"\nbad name: the name of the WAN is empty",
		`row 8: granularity "2m": want raw, 1m, 5m or 1h`,
		`row 9: granularity "NULL": want raw, 1m, 5m or 1h`,
		"row 15: value +Inf: not a finite number",
		"row 17: value -1e+300: want a number from -1e+290 to 1e+290",
		fmt.Sprintf("row 11: timestamp %.1f: not a whole number", float64(at)+0.5),
	}
	for n, line := range lines {
		lines[n] = strings.Replace(line, fmt.Sprintf("%v", float64(at)+0.5),
			fmt.Sprintf("%.1f", float64(at)+0.5), 1)
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("bad rows (-want +got):\n%s", diff)
	}
	got, err = s.take(db, importer.Options{})
	if err != nil || got.Read != 0 || got.Bad != 0 {
		t.Errorf("again: got %+v, %v, want that bad rows are passed", got, err)
	}
}

// A bad row stops an import before the second that it is in, and the next one goes on from there.
func TestABadRowAmongGoodOnes(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	odd := rtt(1, 3, "raw")
	odd.Labels = "none"
	db.Add(rtt(0, 1, "raw"), rtt(1, 2, "raw"), odd, rtt(1, 4, "raw"), rtt(2, 5, "raw"))
	for range 2 {
		if _, err := s.take(db, importer.Options{}); err == nil ||
			!strings.Contains(err.Error(), ": row 3: labels") {
			t.Errorf("got %v, want that row 3 is bad", err)
		}
		s.wantSamples("wan0", "0=1")
	}
	got, err := s.take(db, importer.Options{SkipBad: true})
	if want := (importer.Result{Read: 3, Stored: 3, Bad: 1, Known: 1}); err != nil || got != want {
		t.Errorf("skipping: got %+v, %v, want %+v", got, err, want)
	}
	s.wantSamples("wan0", "0=1", "1000000=2", "1500000=4", "2000000=5")
}

// Rows ahead of the clock stop nothing but themselves, and are taken when their time has come: the
// raw ones.
func TestRowsOfTheFutureOfWanctl(t *testing.T) {
	for name, skip := range map[string]bool{"strict": false, "skipping": true} {
		t.Run(name, func(t *testing.T) {
			clock := begin.Add(10*time.Second - service.MaxAhead)
			s := newStoreAt(t, service.Config{}, func() time.Time { return clock })
			db := filetest.NewWanctlDB(t)
			db.Add(rtt(-90, 1, "1m"), rtt(0, 2, "raw"), rtt(11, 3, "raw"), rtt(11, 3, "1m"),
				rtt(12, 4, "raw"))
			bad := []int64{}
			for _, want := range []importer.Result{{Read: 2, Stored: 2}, {Known: 2}} {
				bad = bad[:0]
				got, err := s.take(db,
					importer.Options{SkipBad: skip,
						OnBad: func(one *importer.LineError) { bad = append(bad, one.Row) }}.WithBatch(2))
				want.Bad = int64(len(bad))
				if got != want || errors.Is(err, service.ErrAhead) == skip {
					t.Errorf("got %+v, %v, want %+v", got, err, want)
				}
				if rows := []int64{3, 4, 5}; (skip && !cmp.Equal(bad, rows)) ||
					(!skip && !cmp.Equal(bad, rows[:1])) {
					t.Errorf("bad rows: %d", bad)
				}
			}
			db.Add(rtt(5, 5, "1m")) // the history is not empty any more
			if got, _ := s.take(db, importer.Options{SkipBad: skip}); got.Read != 0 ||
				got.Skipped != aggregated(1) {
				t.Errorf("got %+v, want that the aggregated row is left out", got)
			}
			clock = now
			s.wantTaken(db, importer.Result{Read: 2, Stored: 2, Skipped: aggregated(1), Known: 3})
			s.wantTaken(db, importer.Result{Known: 6})
		})
	}
}

func TestAllRowsTooOld(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	db.Add(rtt(-8*86400, 1, "raw"))
	if _, err := s.take(db, importer.Options{Now: now}); !errors.Is(err, importer.ErrAllTooOld) {
		t.Errorf("got %v, want that all rows are too old", err)
	}
	s.wantCount(0)
}

func TestADatabaseIsKnownAgain(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	db.Add(rtt(0, 1, "raw"), rtt(1, 2, "raw"), rtt(2, 3, "raw"))
	s.wantTaken(db, importer.Result{Read: 3, Stored: 3})

	db.Exec("DELETE FROM metrics WHERE id < 3; VACUUM")
	db.Add(rtt(3, 4, "raw"))
	s.wantTaken(db, importer.Result{Read: 1, Stored: 1, Known: 1})

	db.Close()
	moved := filepath.Join(t.TempDir(), "moved.db")
	if err := os.Rename(db.Path, moved); err != nil {
		t.Fatal(err)
	}
	db.Path = moved
	s.wantTaken(db, importer.Result{Known: 2})

	another := filetest.NewWanctlDB(t)
	for n := range int64(4) {
		another.Add(rtt(n+10, 7, "raw"))
	}
	s.wantTaken(another, importer.Result{Read: 4, Stored: 4})
}

// What has been aggregated since the last import, of rows that it had taken, is not taken again.
func TestRowsThatAreGone(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	db.Add(rtt(0, 1, "raw"), rtt(1, 2, "raw"))
	s.wantTaken(db, importer.Result{Read: 2, Stored: 2})
	db.Exec("DELETE FROM metrics")
	db.Add(rtt(0, 1.5, "1m"), rtt(100, 3, "raw"))
	s.wantTaken(db, importer.Result{Read: 1, Stored: 1, Skipped: aggregated(1)})
	s.wantTaken(db, importer.Result{Known: 2})
}

func TestWhatIsNoDatabaseOfWanctl(t *testing.T) {
	s := newStore(t)
	other := filetest.Path(t)
	filetest.Exec(t, other, "CREATE TABLE a (b)")
	columns := filetest.Path(t)
	filetest.Exec(t, columns, "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp INTEGER)")
	for path, want := range map[string]error{
		s.path:                           wanctl.ErrNotWanctl,
		other:                            wanctl.ErrNotWanctl,
		columns:                          wanctl.ErrNotWanctl,
		write(t, "empty.db", ""):         wanctl.ErrNotWanctl,
		write(t, "a.csv", header+row(0)): service.ErrNotDatabase,
		t.TempDir():                      service.ErrDirectory,
		filepath.Join(t.TempDir(), "no"): service.ErrMissing,
	} {
		_, err := importer.Wanctl(t.Context(), s.writer, path, importer.Options{})
		if !errors.Is(err, want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %v with the path", path, err, want)
		}
	}
	if got := s.marks(); got != 0 {
		t.Errorf("%d marks, want none", got)
	}
}

// Nothing is made beside a database that nobody is using, and it stays as it is, byte by byte.
func TestTheDatabaseIsLeftAlone(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	db.Add(rtt(0, 1, "raw"))
	db.Close()
	before, err := os.ReadFile(db.Path)
	if err != nil {
		t.Fatal(err)
	}
	s.wantTaken(db, importer.Result{Read: 1, Stored: 1})
	after, err := os.ReadFile(db.Path)
	if err != nil || string(before) != string(after) {
		t.Errorf("the database has changed, or %v", err)
	}
	files, err := os.ReadDir(filepath.Dir(db.Path))
	if err != nil || len(files) != 1 {
		t.Errorf("files: %v, %v, want the database alone", files, err)
	}
}

// Somebody opens a database at rest in the middle of an import: that stops, for what it reads need
// not fit together, and the next one takes the rest.
func TestADatabaseThatIsOpenedMeanwhile(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	for n := range int64(20) {
		db.Add(rtt(n, float64(n), "raw"))
	}
	db.Close()
	opened := false
	options := importer.Options{Progress: func(int64, int64) {
		if !opened {
			opened = true
			db.Open()
			db.Add(rtt(20, 20, "raw"))
		}
	}}.WithBatch(5)
	got, err := s.take(db, options)
	if !errors.Is(err, wanctl.ErrOpened) || got.Stored != 4 {
		t.Errorf("got %+v, %v, want 4 rows and that it has been opened", got, err)
	}
	s.wantTaken(db, importer.Result{Read: 17, Stored: 17, Known: 4})
}

func labelled(after int64, metric string, value float64, labels any) filetest.WanctlRow {
	row := rtt(after, value, "raw")
	row.Metric, row.Labels = metric, labels
	return row
}

// What is read into memory is bounded, whatever the rows hold.
func TestBytesOfRowsAreBounded(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	const each = 1 << 20
	for n := range int64(64) {
		row := rtt(n, float64(n), "raw")
		switch n % 4 {
		case 0:
			row.Labels = `{"a":"` + strings.Repeat("x", each) + `"}`
		case 1:
			row.WAN = strings.Repeat("x", each)
		case 2:
			row.Metric = strings.Repeat("x", each)
		default:
			row.Granularity = strings.Repeat("x", each)
		}
		db.Add(row)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := s.take(db, importer.Options{SkipBad: true, OnBad: func(bad *importer.LineError) {
		if text := bad.Error(); len(text) > 500 {
			t.Errorf("an error of %d bytes: %.100s", len(text), text)
		}
	}})
	runtime.ReadMemStats(&after)
	if err != nil || got != (importer.Result{Bad: 48, Skipped: importer.Skipped{LongLabels: 16}}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16*each {
		t.Errorf("%d MiB were used for rows of %d MiB", used>>20, 64*each>>20)
	}
}
