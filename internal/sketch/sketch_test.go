package sketch_test

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/internal/sketch"
)

// of makes a sketch of values.
func of(values ...float64) *sketch.Sketch {
	s := new(sketch.Sketch)
	for _, value := range values {
		s.Add(value, 1)
	}
	return s
}

// values draws values of one of the shapes that measurements have, and of some that they have not.
func values(t *rapid.T) []float64 {
	shape := rapid.SampledFrom([]*rapid.Generator[float64]{
		rapid.Float64Range(10, 90),
		rapid.Map(rapid.Float64Range(-8, 8), math.Exp),
		rapid.OneOf(rapid.Float64Range(19, 21), rapid.Float64Range(180, 260)),
		rapid.Just(23.4),
		rapid.Float64Range(-50, 50),
		rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0, 3)),
		rapid.Map(rapid.Float64Range(-300, 290), func(x float64) float64 { return math.Pow(10, x) }),
		rapid.Float64(),
	}).Draw(t, "shape")
	return rapid.SliceOfN(shape, 1, 400).Draw(t, "values")
}

// TestQuantile compares with the value of that rank, from the least to the greatest.
func TestQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := values(t)
		s := of(values...)
		slices.Sort(values)
		if got := s.Count(); got != uint64(len(values)) {
			t.Fatalf("%d values, want %d", got, len(values))
		}
		for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1} {
			exact := values[sketch.Rank(q, uint64(len(values)))-1]
			got := min(max(s.Quantile(q), values[0]), values[len(values)-1])
			if distance := math.Abs(got - exact); distance > s.Error()*math.Abs(exact)*(1+1e-9) {
				t.Fatalf("quantile %v is %v, want %v within %.4f at schema %d",
					q, got, exact, s.Error(), s.Schema())
			}
		}
	})
}

// TestFinestBins says what is promised of measurements: at most a factor of a thousand or so
// between the least and the greatest fits into the finest bins.
func TestFinestBins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.Float64Range(0.001, 1000).Draw(t, "least")
		values := rapid.SliceOfN(rapid.Float64Range(least, 1000*least), 1, 2000).Draw(t, "values")
		if s := of(values...); s.Schema() != sketch.Finest || s.Error() > 0.0109 {
			t.Fatalf("schema %d, error %v", s.Schema(), s.Error())
		}
	})
}

// A sum of sketches with the finest bins keeps them, in its bytes too, where a sketch does not.
func TestSum(t *testing.T) {
	sum, stored := sketch.NewSum(), new(sketch.Sketch)
	for hour := range 12 {
		part := new(sketch.Sketch)
		for i := range 300 {
			part.Add(math.Exp2(float64(hour)+float64(i)/40), 1)
		}
		if part.Schema() != sketch.Finest {
			t.Fatalf("a part is at schema %d", part.Schema())
		}
		sum.Merge(part)
		stored.Merge(part)
	}
	if sum.Schema() != sketch.Finest || stored.Schema() == sketch.Finest {
		t.Errorf("the sum is at schema %d, a sketch at %d", sum.Schema(), stored.Schema())
	}
	again := sketch.NewSum()
	if err := again.Decode(sum.Append(nil)); err != nil || again.Quantile(0.5) != sum.Quantile(0.5) {
		t.Errorf("the bytes of a sum are another one: %v", err)
	}
	if err := stored.Decode(sum.Append(nil)); !errors.Is(err, sketch.ErrMalformed) {
		t.Errorf("a sketch read the bytes of a sum: %v", err)
	}
	for exponent := -1074; exponent < 1024; exponent++ { // all that there can be
		for i := range 32 {
			sum.Add(math.Ldexp(1+float64(i)/32, exponent), 1)
			sum.Add(-math.Ldexp(1+float64(i)/32, exponent), 1)
		}
	}
	if err := again.Decode(sum.Append(nil)); err != nil || sum.Schema() < -2 {
		t.Errorf("a sum of all values is at schema %d: %v", sum.Schema(), err)
	}
}

// TestMerge wants of any split the sketch of all values, in any order, bin by bin.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := values(t)
		parts := make([]*sketch.Sketch, rapid.IntRange(1, 8).Draw(t, "parts"))
		for i := range parts {
			parts[i] = new(sketch.Sketch)
		}
		for _, value := range values {
			parts[rapid.IntRange(0, len(parts)-1).Draw(t, "part")].Add(value, 1)
		}
		var forwards, backwards, pairs sketch.Sketch
		for i := range parts {
			forwards.Merge(parts[i])
			backwards.Merge(parts[len(parts)-1-i])
			if i%2 == 0 {
				pair := new(sketch.Sketch)
				pair.Merge(parts[i])
				if i+1 < len(parts) {
					pair.Merge(parts[i+1])
				}
				pairs.Merge(pair)
			}
		}
		want := of(values...).Append(nil)
		for name, got := range map[string]*sketch.Sketch{
			"forwards": &forwards, "backwards": &backwards, "pairs": &pairs,
		} {
			if diff := cmp.Diff(want, got.Append(nil)); diff != "" {
				t.Fatalf("%s (-all at once +merged):\n%s", name, diff)
			}
		}
	})
}

// TestBounds puts values at the bounds of bins, one step below and one above them.
func TestBounds(t *testing.T) {
	root := new(big.Float).SetPrec(300).SetInt64(2)
	for range 5 {
		root.Sqrt(root)
	}
	bound := new(big.Float).SetPrec(300).SetInt64(1)
	for i := range 33 {
		value, _ := bound.Float64()
		for _, scale := range []float64{1, 0x1p-1000, 0x1p1000} {
			at := of(value * scale)
			below := of(math.Nextafter(value, 0) * scale)
			above := of(math.Nextafter(value, 3) * scale)
			if !slices.Equal(at.Append(nil), below.Append(nil)) && i > 0 {
				t.Errorf("bound %d of %g: %v, just below it %v", i, scale, at, below)
			}
			if slices.Equal(at.Append(nil), above.Append(nil)) {
				t.Errorf("bound %d of %g: just above it is in the same bin", i, scale)
			}
		}
		bound.Mul(bound, root)
	}
}

func TestExtremes(t *testing.T) {
	for _, value := range []float64{
		math.SmallestNonzeroFloat64, 0x1p-1022, 1e-300, 1, 1e290, math.MaxFloat64,
	} {
		for _, sign := range []float64{1, -1} {
			s := of(sign * value)
			if got := s.Quantile(0.5) / (sign * value); !(math.Abs(got-1) <= 0.011) && value > 0x1p-1022 {
				t.Errorf("%g: %g times that", sign*value, got)
			}
			mustDecode(t, s.Append(nil))
		}
	}
	wide := new(sketch.Sketch)
	for exponent := -1074; exponent <= 1023; exponent++ {
		wide.Add(math.Ldexp(1.5, exponent), 1)
		wide.Add(-math.Ldexp(1.5, exponent), 1)
	}
	if got := mustDecode(t, wide.Append(nil)).Count(); got != 2*2098 {
		t.Errorf("%d values, want all", got)
	}
}

func TestNotNumbers(t *testing.T) {
	s := of(1, math.NaN(), math.Inf(1), math.Inf(-1))
	s.Add(2, 0)
	if got := s.Count(); got != 1 {
		t.Errorf("%d values, want 1", got)
	}
	if got := s.Quantile(1.5); !math.IsNaN(got) {
		t.Errorf("quantile 1.5: %v", got)
	}
	if got := new(sketch.Sketch).Quantile(0.5); !math.IsNaN(got) {
		t.Errorf("quantile of nothing: %v", got)
	}
}

func TestRank(t *testing.T) {
	for _, test := range []struct {
		q       float64
		n, want uint64
	}{
		{0, 10, 1}, {1, 10, 10}, {0.5, 10, 5}, {0.5, 11, 6}, {0.95, 20, 19}, {0.95, 1200, 1140},
		{0.99, 100, 99}, {0.99, 50, 50}, {0.07, 100, 7}, {0.5, 1, 1},
	} {
		if got := sketch.Rank(test.q, test.n); got != test.want {
			t.Errorf("Rank(%v, %d) = %d, want %d", test.q, test.n, got, test.want)
		}
	}
}

func mustDecode(t *testing.T, bytes []byte) *sketch.Sketch {
	t.Helper()
	s := new(sketch.Sketch)
	if err := s.Decode(bytes); err != nil {
		t.Fatalf("%x: %v", bytes, err)
	}
	return s
}
