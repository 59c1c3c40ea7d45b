package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/tests/internal/cputime"
)

// filled is a file that holds a load as samples, and nothing else.
type filled struct {
	store *repo.Writer
	bytes int64       // its size
	end   repo.Micros // the moment after the last sample
}

// fill makes a file with a load, one commit a second.
func fill(b *testing.B, l load) filled {
	b.Helper()
	ctx := context.Background()
	path := filepath.Join(b.TempDir(), "metrics.db")
	store, err := repo.OpenWriter(ctx, path, repo.SynchronousNormal)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	end := repo.MicrosOf(start)
	series, random := storedSeries(l), newRandom()
	for range 60 * l.minutes {
		var batch []repo.Sample
		for range l.rate {
			for i, one := range series {
				batch = append(batch, repo.Sample{Series: one, TS: end, Value: value(random, i)})
			}
			end = end.Add(time.Second / time.Duration(l.rate))
		}
		outcomes := make([]repo.Outcome, len(batch))
		if err := store.Append(ctx, repo.Batch{Samples: batch, Latest: end}, outcomes); err != nil {
			b.Fatal(err)
		}
	}
	if err := store.Checkpoint(ctx); err != nil {
		b.Fatal(err)
	}
	return filled{store, fileSize(b, path), end}
}

func storedSeries(l load) []*repo.Series {
	series := make([]*repo.Series, l.series)
	for i := range series {
		aggregation := repo.Average
		if isState(i) {
			aggregation = repo.Mode
		}
		series[i] = &repo.Series{
			Key:         repo.Key{MetricName: fmt.Sprintf("metric_%d", i), WANName: "wan", Labels: "{}"},
			Aggregation: aggregation,
		}
	}
	return series
}

func fileSize(b *testing.B, path string) int64 {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// steps runs f until there is no more, and reports the samples a second and the longest step.
func steps(b *testing.B, samples int, f func() (bool, error)) {
	b.Helper()
	begin, cpu := time.Now(), cputime.Used()
	var longest time.Duration
	for more := true; more; {
		step := time.Now()
		var err error
		if more, err = f(); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(step))
	}
	cpu = cputime.Used() - cpu
	b.ReportMetric(float64(samples)/cpu.Seconds(), "samples/cpu-s")
	b.ReportMetric(float64(samples)/time.Since(begin).Seconds(), "samples/s")
	b.ReportMetric(milliseconds(longest), "longest-step-ms")
}

// BenchmarkRollUp rolls a load into the 1m tier, and says what its samples take in the file.
func BenchmarkRollUp(b *testing.B) {
	for _, l := range loads {
		b.Run(l.String(), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				f := fill(b, l)
				b.StartTimer()
				steps(b, l.samples(), f.rollUp)
				b.ReportMetric(float64(f.bytes)/float64(l.samples()), "kept-bytes/sample")
			}
		})
	}
}

// rollUp does a step, and says whether there is more to do.
func (f filled) rollUp() (bool, error) {
	_, more, err := f.store.RollUp(context.Background(), repo.Minute, f.end.Add(time.Minute), 0)
	return more, err
}

// BenchmarkSweep deletes a load from the raw tier.
func BenchmarkSweep(b *testing.B) {
	for _, l := range loads[:2] {
		b.Run(l.String(), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				f := fill(b, l)
				f.raiseFloors(b)
				var deleted int64
				b.StartTimer()
				steps(b, l.samples(), func() (bool, error) {
					rows, more, err := f.store.SweepSamples(context.Background())
					deleted += rows
					return more, err
				})
				if deleted < int64(l.samples())*9/10 {
					b.Fatalf("deleted %d of %d samples", deleted, l.samples())
				}
			}
		})
	}
}

// raiseFloors rolls everything up, so that all rows may be deleted.
func (f filled) raiseFloors(b *testing.B) {
	b.Helper()
	ctx := context.Background()
	for more := true; more; {
		var err error
		if more, err = f.rollUp(); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.store.RaiseFloors(ctx, f.end.Add(2*time.Hour)); err != nil {
		b.Fatal(err)
	}
	if err := f.store.Checkpoint(ctx); err != nil {
		b.Fatal(err)
	}
}
