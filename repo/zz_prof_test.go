package repo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestProf(t *testing.T) {
	for _, l := range []struct{ n, hz, min int }{{7, 20, 20}, {200, 20, 5}, {10000, 1, 4}} {
		ctx := context.Background()
		w, err := OpenWriter(ctx, filepath.Join(t.TempDir(), "x.db"), SynchronousNormal)
		if err != nil {
			t.Fatal(err)
		}
		var series []*Series
		for i := range l.n {
			agg := Average
			if i%7 >= 5 {
				agg = Mode
			}
			series = append(series, &Series{Key: Key{fmt.Sprintf("m_%d", i), "w", "{}"}, Aggregation: agg})
		}
		r := rand.New(rand.NewPCG(1, 2))
		ts := MicrosOf(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		out := make([]Outcome, 100000)
		var ins, roll, sw time.Duration
		var steps, n int
		var longest time.Duration
		for m := range l.min {
			for range 60 {
				var b []Sample
				for range l.hz {
					ts += Micros(1000000 / l.hz)
					for i, s := range series {
						v := 20 + r.Float64()*5
						if i%7 >= 5 {
							v = float64(r.IntN(4))
						}
						b = append(b, Sample{s, ts, v})
					}
				}
				c := cpu()
				for len(b) > 0 {
					k := min(len(b), 10000)
					if err := w.Append(ctx, Batch{Samples: b[:k], Latest: 1 << 62}, out); err != nil {
						t.Fatal(err)
					}
					n += k
					b = b[k:]
				}
				if w.CheckpointDue() {
					w.Checkpoint(ctx)
				}
				if m > 0 || true {
					ins += cpu() - c
				}
			}
			for {
				c := cpu()
				_, more, err := w.RollUp(ctx, Minute, ts, 0)
				if err != nil {
					t.Fatal(err)
				}
				d := cpu() - c
				roll += d
				longest = max(longest, d)
				steps++
				if !more {
					break
				}
			}
		}
		c := cpu()
		w.update(ctx, "x", func() error { return w.raiseFloor(ctx, Raw, ts.AlignDown(time.Minute)) })
		for {
			_, more, err := w.SweepSamples(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
		}
		sw = cpu() - c
		f := func(d time.Duration) float64 { return float64(n) / d.Seconds() / 1e6 }
		t.Logf("%d x %d: insert %.2f M/s, roll-up %.2f M/s (%d steps, longest %v), sweep %.2f, all %.2f M/s", l.n, l.hz, f(ins), f(roll), steps, longest, f(sw), f(ins+roll+sw))
		w.Close()
	}
}
