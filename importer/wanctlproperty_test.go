package importer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/importer"
	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// Whatever is written between imports, late or in order, and wherever they are interrupted: in the
// end each row is one sample of its own second, and the rows of one second that were taken together
// are evenly spread.
func TestEveryRowIsOneSample(t *testing.T) {
	s := newStore(t)
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		db := filetest.NewWanctlDB(t)
		defer db.Close()
		wan := func(n int) string { return fmt.Sprintf("wan%d-%d", run, n) }
		clock, written := begin.Unix(), 0
		seconds := map[string]int64{} // by WAN and value
		for range rapid.IntRange(1, 6).Draw(r, "turns") {
			var rows []filetest.WanctlRow
			for range rapid.IntRange(0, 20).Draw(r, "rows") {
				clock += rapid.SampledFrom([]int64{0, 0, 0, 1, 2, -3}).Draw(r, "step")
				row := rtt(clock-begin.Unix(), float64(written), "raw")
				row.WAN = wan(rapid.IntRange(0, 1).Draw(r, "wan"))
				rows = append(rows, row)
				seconds[fmt.Sprint(row.WAN, row.Value)] = clock
				written++
			}
			db.Add(rows...)
			importUntil(t, r, s, db, clock)
		}
		importAll(t, s, db, now)
		for n := range 2 {
			for _, key := range checkSeconds(r, s, wan(n), seconds) {
				delete(seconds, key)
			}
		}
		if len(seconds) > 0 {
			r.Fatalf("rows that are no samples: %v", seconds)
		}
	})
}

// importUntil imports what there is, in batches of some size, and may be interrupted after any of
// them.
func importUntil(t *testing.T, r *rapid.T, s *store, db *filetest.WanctlDB, clock int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	left := rapid.IntRange(1, 5).Draw(r, "batches")
	at := time.Unix(clock+rapid.Int64Range(0, 5).Draw(r, "lag"), 0)
	options := importer.Options{Progress: func(int64, int64) {
		if left--; left == 0 {
			cancel()
		}
	}}.WithBatch(rapid.Int64Range(1, 9).Draw(r, "batch")).WithClock(func() time.Time { return at })
	if _, err := importer.Wanctl(ctx, s.writer, db.Path, options); err != nil &&
		!errors.Is(err, context.Canceled) {
		r.Fatal(err)
	}
}

func importAll(t *testing.T, s *store, db *filetest.WanctlDB, at time.Time) {
	t.Helper()
	options := importer.Options{}.WithClock(func() time.Time { return at })
	if _, err := importer.Wanctl(t.Context(), s.writer, db.Path, options); err != nil {
		t.Fatal(err)
	}
}

// checkSeconds returns the rows of a WAN that are samples.
func checkSeconds(r *rapid.T, s *store, wan string, seconds map[string]int64) []string {
	history, err := service.OpenHistory(context.Background(), s.path)
	if err != nil {
		r.Fatal(err)
	}
	defer history.Close()
	var found []string
	query := service.Query{Filter: service.Filter{WAN: wan}, From: time.Unix(0, 0),
		Until: now.AddDate(1, 0, 0)}
	for point, err := range history.Range(context.Background(), query) {
		if err != nil {
			r.Fatal(err)
		}
		key := fmt.Sprint(wan, point.Value)
		if want, ok := seconds[key]; !ok || want != point.Time.Unix() || slices.Contains(found, key) {
			r.Fatalf("row %s is a sample of %s, want one of second %d", key, point.Time, want)
		}
		found = append(found, key)
	}
	return found
}

// An import of a database that is being written takes whole seconds, and in the end all.
func TestImportOfALiveDatabase(t *testing.T) {
	const secondsLong, each = 40, 25
	db, s := filetest.NewWanctlDB(t), newStore(t)
	writing := make(chan int64)
	go func() {
		defer close(writing)
		for n := range int64(secondsLong) {
			for i := range each {
				db.Add(rtt(n, float64(n*each+int64(i)), "raw"))
			}
			writing <- n
		}
	}()
	for second := range writing {
		importAll(t, s, db, time.Unix(begin.Unix()+second, 0)) // wanctl is in the next second meanwhile
	}
	importAll(t, s, db, now)
	samples := s.samples("wan0")
	if len(samples) != secondsLong*each {
		t.Fatalf("%d samples, want %d", len(samples), secondsLong*each)
	}
	for n, sample := range samples {
		if want := fmt.Sprintf("%d=%d", n*int(time.Second/each/time.Microsecond), n); sample != want {
			t.Errorf("sample %d is %s, want %s", n, sample, want)
		}
	}
}
