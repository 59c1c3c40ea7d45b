package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/service"
)

// fill makes a file with cycles of n series and returns a writer on it, and the moment after the last sample.
func fill(b *testing.B, n, cycles int) (*repo.Writer, repo.Micros) {
	b.Helper()
	ctx := context.Background()
	store, err := repo.OpenWriter(ctx, filepath.Join(b.TempDir(), "metrics.db"), repo.SynchronousNormal)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	series := make([]*repo.Series, n)
	for i := range series {
		aggregation := repo.Average
		if i%7 >= 5 {
			aggregation = repo.Mode
		}
		series[i] = &repo.Series{
			Key:         repo.Key{MetricName: fmt.Sprintf("metric_%d", i), WANName: "wan", Labels: "{}"},
			Aggregation: aggregation,
		}
	}
	end := repo.MicrosOf(start)
	for done := 0; done < cycles; {
		var batch []repo.Sample
		for ; done < cycles && len(batch) < 10_000; done++ {
			end = end.Add(cycle)
			for i, one := range series {
				value := float64(i) + float64(done%97)/7
				if i%7 >= 5 {
					value = float64(done / 100 % 4)
				}
				batch = append(batch, repo.Sample{Series: one, TS: end, Value: value})
			}
		}
		if err := store.Append(ctx, repo.Batch{Samples: batch, Latest: end}, make([]repo.Outcome, len(batch))); err != nil {
			b.Fatal(err)
		}
	}
	if err := store.Checkpoint(ctx); err != nil {
		b.Fatal(err)
	}
	return store, end
}

// steps runs f until there is no more, and reports the rows a second and the longest step.
func steps(b *testing.B, rows int, f func() (bool, error)) {
	b.Helper()
	begin := time.Now()
	var longest time.Duration
	for more := true; more; {
		step := time.Now()
		var err error
		if more, err = f(); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(step))
	}
	b.ReportMetric(float64(rows)/time.Since(begin).Seconds(), "rows/s")
	b.ReportMetric(float64(longest.Microseconds())/1000, "longest-step-ms")
}

// BenchmarkRollUp rolls an hour (7 series) or four minutes (200 series) of 20 Hz into the 1m tier.
func BenchmarkRollUp(b *testing.B) {
	for n, cycles := range map[int]int{7: 72_000, 200: 4_800} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				store, end := fill(b, n, cycles)
				b.StartTimer()
				steps(b, n*cycles, func() (bool, error) {
					_, more, err := store.RollUp(context.Background(), repo.Minute, end.Add(time.Minute), 0)
					return more, err
				})
			}
		})
	}
}

// BenchmarkSweep deletes an hour (7 series) or four minutes (200 series) of 20 Hz from the raw tier.
func BenchmarkSweep(b *testing.B) {
	for n, cycles := range map[int]int{7: 72_000, 200: 4_800} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				store, end := fill(b, n, cycles)
				ctx := context.Background()
				for more := true; more; {
					var err error
					if _, more, err = store.RollUp(ctx, repo.Minute, end.Add(time.Minute), 0); err != nil {
						b.Fatal(err)
					}
				}
				if err := store.RaiseFloors(ctx, end.Add(2*time.Hour)); err != nil {
					b.Fatal(err)
				}
				if err := store.Checkpoint(ctx); err != nil {
					b.Fatal(err)
				}
				var deleted int64
				b.StartTimer()
				steps(b, n*cycles, func() (bool, error) {
					rows, more, err := store.SweepSamples(ctx)
					deleted += rows
					return more, err
				})
				if deleted < int64(n*cycles)*9/10 {
					b.Fatalf("deleted %d of %d rows", deleted, n*cycles)
				}
			}
		})
	}
}

// BenchmarkPass is the longest step of whole passes, one a minute, with what a controller records in between.
func BenchmarkPass(b *testing.B) {
	for _, n := range []int{7, 200} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) {
			w := newWorld(b, n, service.Config{KeepRaw: 5 * time.Minute})
			var longest time.Duration
			var name string
			for b.Loop() {
				for range 60 {
					w.write(b, 20)
				}
				if report := w.maintain(b); report.LongestStep > longest {
					longest, name = report.LongestStep, report.LongestName
				}
			}
			b.ReportMetric(float64(longest.Microseconds())/1000, "longest-step-ms")
			b.Logf("longest step: %s", name)
		})
	}
}
