package repo_test

import (
	"math/rand/v2"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// A transaction that is larger than the page cache writes pages to the WAL before it ends, reads them there, and writes them once
// more in their places, where the sums of their frames are those of before. That is no damage.
func TestTransactionLargerThanTheCache(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	series := newSeries("rtt")
	const samples = 300_000 // some 10 MB of pages, and a cache of 2
	order := rand.Perm(samples)
	batch := make([]repo.Sample, samples)
	for i, n := range order {
		batch[i] = repo.Sample{Series: series, TS: start + repo.Micros(n), Value: float64(n)}
	}
	for i, outcome := range add(t, w, batch...) {
		if outcome != repo.Stored {
			t.Fatalf("sample %d was %v", i, outcome)
		}
	}
	snapshot, err := openReader(t, path).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n, err := snapshot.CountSamples(snapshot.Context(), snapshot.Series, repo.Span{From: start, Until: start + samples})
	if err != nil || n != samples {
		t.Errorf("%d samples, error %v; want %d", n, err, samples)
	}
	if err := snapshot.Close(); err != nil {
		t.Error(err)
	}
	if err := filetest.Check(path); err != nil {
		t.Error(err)
	}
}
