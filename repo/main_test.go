package repo_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"testing"

	"go.uber.org/goleak"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

// TestMain fails the package when its tests leave a goroutine behind.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := filetest.NoTestLog(); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start is the beginning of an hour.
const start repo.Micros = 1_800_000_000_000_000

// open opens a file for writing until the test ends.
func open(t testing.TB, path string) *repo.Writer {
	t.Helper()
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
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

func newSeries(metric string) *repo.Series {
	return &repo.Series{Key: repo.Key{MetricName: metric, WANName: "wan", Labels: "{}"}}
}

// add appends samples, whatever becomes of them.
func add(t testing.TB, w *repo.Writer, samples ...repo.Sample) []repo.Outcome {
	t.Helper()
	outcomes := make([]repo.Outcome, len(samples))
	batch := repo.Batch{Samples: samples, Latest: math.MaxInt64}
	if err := w.Append(t.Context(), batch, outcomes); err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// oneSample makes a file that has one sample and is closed.
func oneSample(t testing.TB) (path string) {
	t.Helper()
	path = filetest.Path(t)
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, repo.Sample{Series: newSeries("rtt"), TS: 1, Value: 1})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// aHistory makes a history of one sample, and closes it.
func aHistory(path string) error {
	ctx := context.Background()
	w, err := repo.OpenWriter(ctx, path, repo.SynchronousNormal)
	if err != nil {
		return err
	}
	sample := repo.Sample{Series: newSeries("rtt"), TS: start, Value: 1}
	batch := repo.Batch{Samples: []repo.Sample{sample}, Latest: math.MaxInt64}
	return errors.Join(w.Append(ctx, batch, make([]repo.Outcome, 1)), w.Close())
}

// every makes a sample of a series at each step of time in [from, until), with the values 0, 1, 2
// and so on.
func every(step, from, until repo.Micros, series *repo.Series) []repo.Sample {
	var samples []repo.Sample
	for ts := from; ts < until; ts += step {
		samples = append(samples, repo.Sample{Series: series, TS: ts, Value: float64(len(samples))})
	}
	return samples
}

// fillSeries puts n series into the file, which has none: of each ten the last is one of states.
func fillSeries(t testing.TB, path string, n int) {
	t.Helper()
	filetest.Exec(t, path, fmt.Sprintf(`
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO series (id, metric_name, wan_name, labels, aggregation)
		SELECT i, 'metric_' || i, 'wan', '{}', iif(i %% 10 = 0, 'mode', 'avg') FROM n`, n))
}

// fillSamples puts rows of the first n series into the file, one moment after the other.
func fillSamples(t testing.TB, path string, rows, n int, from, step repo.Micros) {
	t.Helper()
	filetest.Exec(t, path, fmt.Sprintf(`
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %[1]d)
		INSERT INTO raw_samples (ts, series_id, value)
		SELECT %[3]d + i / %[2]d * %[4]d, i %% %[2]d + 1, i %% 7 FROM n`, rows, n, from, step))
}

// fillBlock puts a block of the first series into the file, one moment after the other.
func fillBlock(t testing.TB, path string, samples int, from, step repo.Micros) {
	t.Helper()
	filetest.Exec(t, path, fmt.Sprintf(`
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %[1]d)
		INSERT INTO raw_blocks (id, last_ts, count, payload)
		SELECT %[2]d, %[2]d + (%[1]d - 1) * %[3]d, %[1]d,
			'[{"t":' || json_group_array(i * %[3]d) || ',"v":{"1":1}}]'
		FROM n`, samples, from, step))
}

func tiersOf(t testing.TB, w *repo.Writer) repo.Tiers {
	t.Helper()
	tiers, err := w.Tiers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tiers
}

// setFloor moves the floor of a tier as a maintenance would, but to any moment.
func setFloor(t testing.TB, path string, g repo.Granularity, floor repo.Micros) {
	t.Helper()
	filetest.Exec(t, path,
		fmt.Sprintf("UPDATE tiers SET floor = %d WHERE granularity = '%s'", floor, g))
}
