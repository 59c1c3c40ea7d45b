package repo_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// What comes series by series makes blocks that all lie in the same minutes: more of them than a
// step, or a page, may have.
func TestBlocksThatLieSideBySide(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	const series, perMinute = 100, 1200
	end := start.Add(2 * time.Minute)
	for i := range series {
		add(t, w, every(60e6/perMinute, start, end, newSeries("metric_"+strconv.Itoa(i)))...)
	}
	const samples = series * perMinute * 2
	for _, newestFirst := range []bool{false, true} {
		span := repo.Span{From: start, Until: end, NewestFirst: newestFirst}
		if n := countInOrder(t, path, span); n != samples {
			t.Errorf("newest first %v: %d samples, want %d", newestFirst, n, samples)
		}
	}
	steps := rollUp(t, w, repo.Minute, end, 0)
	if len(steps) < 3 || len(steps) > 6 {
		t.Errorf("%d samples took %d steps, want some for each 100,000 and no more", samples, len(steps))
	}
	if n := filetest.Int(t, path, "SELECT sum(count) FROM rollups"); n != samples {
		t.Errorf("%d samples rolled up, want %d", n, samples)
	}
}

// countInOrder counts what a scan of all raw samples yields, each of which must come after the one
// before.
func countInOrder(t *testing.T, path string, span repo.Span) (n int) {
	t.Helper()
	snapshot, err := openReader(t, path).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	var before repo.Bucket
	for row, err := range snapshot.Scan(snapshot.Context(), repo.Raw, snapshot.Series, span) {
		if err != nil {
			t.Fatal(err)
		}
		first, second := before, row
		if span.NewestFirst {
			first, second = second, first
		}
		if n++; n > 1 &&
			(first.TS > second.TS || first.TS == second.TS && first.SeriesID >= second.SeriesID) {
			t.Fatalf("%+v after %+v", row, before)
		}
		before = row
	}
	return n
}
