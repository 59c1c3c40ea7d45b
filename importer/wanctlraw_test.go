package importer_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// wanctlAt is a wanctl whose maintenance has let go of the raw rows before a second, as it does:
// those of whole minutes are in 1m rows.
func wanctlAt(db *filetest.WanctlDB, second int64) {
	db.Exec(`INSERT INTO metrics (timestamp, wan_name, metric_name, value, labels, granularity)
		SELECT timestamp / 60 * 60, wan_name, metric_name, avg(value), NULL, '1m'
		FROM metrics WHERE granularity = 'raw' AND timestamp < ?1 GROUP BY 1, 2, 3`, second/60*60)
	db.Exec("DELETE FROM metrics WHERE granularity = 'raw' AND timestamp < ?1", second/60*60)
}

// An hourly import of a wanctl that keeps raw rows for a quarter of an hour says so, warns of the
// gap, and fills it with one sample a minute.
func TestAGapIsFilledAndToldOf(t *testing.T) {
	start := now.Add(-2 * time.Hour).Truncate(time.Minute)
	at := start.Add(20 * time.Minute)
	s, db := newStore(t), filetest.NewWanctlDB(t)
	record := func(from, until time.Duration) {
		for second := start.Add(from).Unix(); second < start.Add(until).Unix(); second++ {
			row := rtt(second-begin.Unix(), float64(second%60), "raw")
			db.Add(row)
		}
	}
	take := func() importer.Result {
		t.Helper()
		options := importer.Options{}.WithClock(func() time.Time { return at.Add(time.Minute) })
		got, err := importer.Wanctl(t.Context(), s.writer, db.Path, options)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	record(0, 20*time.Minute)
	got := take()
	if got.Stored != 1200 || got.Raw != (importer.RawRows{}) {
		t.Errorf("first: %+v, want 1200 rows and nothing to say of raw ones", got)
	}
	record(20*time.Minute, 80*time.Minute)
	at = start.Add(80 * time.Minute)
	wanctlAt(db, at.Add(-15*time.Minute).Unix())
	got = take()
	// 45 minutes are gone, 15 are there, and 20 had been taken
	want := importer.Result{Read: 945, Stored: 945, Skipped: aggregated(20), Raw: importer.RawRows{
		Kept: 15 * time.Minute,
		Gone: service.TimeSpan{From: start.Add(20 * time.Minute), Until: start.Add(65 * time.Minute)},
	}}
	if got != want {
		t.Errorf("after an hour: %+v, want %+v", got, want)
	}
	record(80*time.Minute, 85*time.Minute)
	at = start.Add(85 * time.Minute)
	wanctlAt(db, at.Add(-15*time.Minute).Unix())
	got = take()
	if got.Stored != 300 || got.Skipped != aggregated(5) || got.Raw.Kept != 15*time.Minute ||
		got.Raw.Gone != (service.TimeSpan{}) {
		t.Errorf("after five minutes: %+v, want 300 rows and no gap", got)
	}
	s.wantCount(1200 + 945 + 300)
}

// The databases of several WANs keep their aggregated rows, in whatever order they come, and taken
// again nothing is taken twice.
func TestAFileAWAN(t *testing.T) {
	s := newStore(t)
	var dbs []*filetest.WanctlDB
	for _, wan := range []string{"a", "b", "c"} {
		db := filetest.NewWanctlDB(t)
		for n := range int64(100) {
			row := rtt(60*n-7200, float64(n), "1m")
			row.WAN = wan
			db.Add(row)
		}
		db.Add(rttOf(wan, 0, 1))
		dbs = append(dbs, db)
	}
	for _, db := range dbs {
		s.wantTaken(db, importer.Result{Read: 101, Stored: 101})
	}
	for _, db := range slices.Backward(dbs) {
		s.wantTaken(db, importer.Result{Known: 101})
	}
	s.wantCount(303)
}

// An aggregated row has only the labels by which wanctl tells series apart: it stands for all raw
// rows that have these.
func TestAggregatedRowsOfManySeries(t *testing.T) {
	db, s := filetest.NewWanctlDB(t), newStore(t)
	row := func(after int64, labels any, granularity string) filetest.WanctlRow {
		one := labelled(after, "wanctl_cake_drop_rate", 1, labels)
		one.Granularity = granularity
		return one
	}
	db.Add(row(0, `{"direction": "download"}`, "raw"), row(1, `{"direction": "upload"}`, "raw"))
	s.wantTaken(db, importer.Result{Read: 2, Stored: 2})
	db.Exec("DELETE FROM metrics")
	db.Add(row(0, nil, "1m"), row(60, nil, "1m"), row(0, `{"direction": "download"}`, "1m"),
		row(0, `{"direction": "both"}`, "1m"), row(300, nil, "raw"))
	s.wantTaken(db, importer.Result{Read: 3, Stored: 3, Skipped: aggregated(2)})
}

// Where coarse buckets alone are left in the history, what a run stores itself is no obstacle to
// the rest of its rows.
func TestManyAggregatedRowsInACoarseBucket(t *testing.T) {
	for _, batch := range []int64{1, 7, 1000} {
		t.Run(strconv.FormatInt(batch, 10), func(t *testing.T) {
			config := service.Config{KeepRaw: time.Minute * 2, Keep1m: time.Minute * 5, Keep5m: time.Hour}
			s := newStoreAt(t, config, func() time.Time { return now })
			db := filetest.NewWanctlDB(t)
			day := int64(86400)
			db.Add(rtt(-2*day, 1, "raw"), rtt(0, 1, "raw"))
			s.wantTaken(db, importer.Result{Read: 2, Stored: 2})
			if _, err := s.writer.Maintain(t.Context()); err != nil {
				t.Fatal(err)
			}
			hour := (begin.Unix()-day)/3600*3600 - begin.Unix()
			for n := range int64(24) {
				db.Add(rtt(hour+300*n, float64(n), "5m"))
			}
			options := importer.Options{}.WithBatch(batch)
			got, err := s.take(db, options)
			if err != nil || got.Stored != 24 || got.Skipped.Total() != 0 {
				t.Errorf("got %+v, %v, want all 24 rows", got, err)
			}
			again, err := s.take(db, importer.Options{})
			if err != nil || again.Read != 0 {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}
