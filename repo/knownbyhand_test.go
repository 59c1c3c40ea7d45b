package repo_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// What a hand has done to a series while a commit waited for it, and failed, is noticed by the next
// one.
func TestSeriesDeletedWhileACommitFails(t *testing.T) {
	path := filetest.Path(t)
	w, s := open(t, path), newSeries("rtt")
	add(t, w, repo.Sample{Series: s, TS: start, Value: 1})
	release := filetest.Lock(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	batch := repo.Batch{Samples: []repo.Sample{{Series: s, TS: start + 1, Value: 1}},
		Latest: math.MaxInt64}
	if err := w.Append(ctx, batch, make([]repo.Outcome, 1)); err == nil {
		t.Error("the commit did not wait for the lock")
	}
	release()
	filetest.Exec(t, path, "DELETE FROM series")
	add(t, w, repo.Sample{Series: s, TS: start + 2, Value: 2})
	add(t, w, repo.Sample{Series: s, TS: start + 3, Value: 2})
	if n := filetest.Int(t, path, "SELECT count(*) FROM metrics"); n != 2 {
		t.Errorf("%d samples can be read, want 2", n)
	}
}

// A series that has been renamed by hand has no check value any more, by which the next renaming
// would show.
func TestSeriesRenamedTwice(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	add(t, w, repo.Sample{Series: newSeries("rtt"), TS: start, Value: 1})
	filetest.Exec(t, path, "UPDATE series SET wan_name = 'b'")
	b := &repo.Series{Key: repo.Key{MetricName: "rtt", WANName: "b", Labels: "{}"}}
	add(t, w, repo.Sample{Series: b, TS: start + 1, Value: 1})
	filetest.Exec(t, path, "UPDATE series SET wan_name = 'c' WHERE wan_name = 'b'")
	add(t, w, repo.Sample{Series: b, TS: start + 2, Value: 2})
	if n := filetest.Int(t, path, "SELECT count(*) FROM metrics WHERE wan_name = 'b'"); n != 1 {
		t.Errorf("%d samples of the series, want 1", n)
	}
}

// A block that another writer has put in the place of one that was deleted by hand is a new one.
func TestBlockInThePlaceOfAnother(t *testing.T) {
	path := filetest.Path(t)
	one, first, s := open(t, path), open(t, path), newSeries("rtt")
	add(t, one, repo.Sample{Series: s, TS: start, Value: 1})
	add(t, first, repo.Sample{Series: newSeries("other"), TS: start + 5_000_000, Value: 1})
	add(t, one, repo.Sample{Series: s, TS: start + 1, Value: 1})
	filetest.Exec(t, path, "DELETE FROM raw_blocks")
	other, again := open(t, path), newSeries("rtt")
	add(t, other, repo.Sample{Series: again, TS: start, Value: 1},
		repo.Sample{Series: again, TS: start + 2, Value: 1})
	got := add(t, one, repo.Sample{Series: s, TS: start + 2, Value: 1})
	if diff := cmp.Diff([]repo.Outcome{repo.Duplicate}, got); diff != "" {
		t.Errorf("a repeat (-want +got):\n%s", diff)
	}
}
