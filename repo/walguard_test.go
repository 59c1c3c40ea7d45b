package repo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
)

// A transaction that is larger than the page cache may write pages to the WAL before it ends, read them there, and write them once
// more in their places, where the sums of their frames are those of before. That is no damage. A writer has it do so
// beyond 8 MiB only, for the sake of speed.
func TestTransactionLargerThanTheCache(t *testing.T) {
	path := filetest.Path(t)
	w, err := OpenWriter(t.Context(), path, SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	if err := drain(t.Context(), w.conn, "PRAGMA cache_spill = on"); err != nil {
		t.Fatal(err)
	}
	series := &Series{Key: Key{MetricName: "rtt", WANName: "wan", Labels: "{}"}}
	const samples = 300_000 // some 10 MB of pages, and a cache of 2
	batch := make([]Sample, samples)
	for i, n := range rand.New(rand.NewPCG(1, 1)).Perm(samples) {
		batch[i] = Sample{Series: series, TS: Micros(n), Value: float64(n)}
	}
	if err := w.Append(t.Context(), Batch{Samples: batch, Latest: math.MaxInt64}, make([]Outcome, samples)); err != nil {
		t.Fatal(err)
	}
	reader, err := OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := reader.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n, err := snapshot.CountSamples(snapshot.Context(), snapshot.Series, Span{From: 0, Until: samples})
	if err != nil || n != samples {
		t.Errorf("%d samples, error %v; want %d", n, err, samples)
	}
	for _, end := range []func() error{snapshot.Close, reader.Close, w.Close, func() error { return filetest.Check(path) }} {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
}
