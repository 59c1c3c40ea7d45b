package block_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/wanstore/wanstore/repo/internal/block"
)

// workload is what a commit brings of one part.
type workload struct {
	name           string
	series, moment int
	value          func(*rand.Rand) float64
}

func workloads() []workload {
	few := func(r *rand.Rand) float64 { return math.Round((20+r.Float64()*5)*1000) / 1000 }
	full := func(r *rand.Rand) float64 { return 20 + r.Float64()*5 }
	state := func(*rand.Rand) float64 { return 1 }
	return []workload{
		{"few_decimals/200x20", 200, 20, few},
		{"few_decimals/7x20", 7, 20, few},
		{"few_decimals/256x1", 256, 1, few},
		{"full_entropy/200x20", 200, 20, full},
		{"states/200x20", 200, 20, state},
	}
}

// samples come as they are measured: moment by moment.
func (w workload) samples() []block.Sample {
	random := rand.New(rand.NewPCG(1, 2))
	samples := make([]block.Sample, 0, w.series*w.moment)
	for m := range w.moment {
		for s := range w.series {
			ts := base + int64(m)*50_000
			samples = append(samples, block.Sample{SeriesID: int64(s), TS: ts, Value: w.value(random)})
		}
	}
	return samples
}

func perSample(b *testing.B, samples int) {
	b.Helper()
	b.ReportMetric(float64(samples)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Msamples/s")
}

func BenchmarkEncode(b *testing.B) {
	for _, load := range workloads() {
		b.Run(load.name, func(b *testing.B) {
			samples := load.samples()
			var encoder block.Encoder
			var payload []byte
			b.ReportAllocs()
			for b.Loop() {
				payload = encoder.Encode(payload[:0], samples, base)
			}
			perSample(b, len(samples))
			b.ReportMetric(float64(len(payload))/float64(len(samples)), "B/sample")
		})
	}
}

func BenchmarkWalk(b *testing.B) {
	for _, load := range workloads() {
		b.Run(load.name, func(b *testing.B) {
			samples := load.samples()
			var encoder block.Encoder
			payload := encoder.Encode(nil, samples, base)
			var walker block.Walker
			b.ReportAllocs()
			for b.Loop() {
				walker.Open(payload, base)
				for walker.Next() {
				}
			}
			perSample(b, len(samples))
		})
	}
}

func BenchmarkWalkOne(b *testing.B) {
	load := workloads()[0]
	var encoder block.Encoder
	payload := encoder.Encode(nil, load.samples(), base)
	for _, id := range []int64{0, 100, 199, 255} { // the last one is not there
		b.Run(strconv.FormatInt(id, 10), func(b *testing.B) {
			var walker block.Walker
			b.ReportAllocs()
			for b.Loop() {
				walker.OpenOne(payload, base, id)
				for walker.Next() {
				}
			}
		})
	}
}

// A block costs no allocations once the encoder and the walker have seen one of its size.
func TestAllocations(t *testing.T) {
	for _, load := range workloads() {
		samples := load.samples()
		var encoder block.Encoder
		var walker block.Walker
		payload := encoder.Encode(nil, samples, base)
		got := testing.AllocsPerRun(10, func() {
			payload = encoder.Encode(payload[:0], samples, base)
			walker.Open(payload, base)
			for walker.Next() {
			}
			walker.OpenOne(payload, base, 5)
			for walker.Next() {
			}
		})
		if got != 0 {
			t.Errorf("%s: %v allocations", load.name, got)
		}
	}
}
