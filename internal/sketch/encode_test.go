package sketch_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/wanstore/wanstore/internal/sketch"
)

// TestBytes has the example of docs/FORMAT.md among others.
func TestBytes(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []float64
		want   string
	}{
		{"none", nil, "00"},
		{"one", []float64{1}, "000004"},
		{"a measurement", []float64{23.4, 23.4, 23.5, 24, 31}, "00a4020c040708"},
		{"zeros", []float64{0, 0, 5}, "1002960104"},
		{"negative values", []float64{-2, -1, 0, 1, 2}, "3001020004071c0004071c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := of(test.values...)
			if got := hex.EncodeToString(s.Append(nil)); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := of(values(t)...).Append(nil)
		var got sketch.Sketch
		if err := got.Decode(want); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Append(nil), want) {
			t.Fatalf("%x became %x", want, got.Append(nil))
		}
	})
}

func TestDecodeMalformed(t *testing.T) {
	for _, test := range []struct{ name, bytes string }{
		{"nothing", ""},
		{"a schema that there is not", "0a"},
		{"a flag that there is not", "4000"},
		{"zeros cut off", "10"},
		{"no zeros", "1000"},
		{"a bin cut off", "00a2"},
		{"an index alone", "00a402"},
		{"a bin of nothing", "000000"},
		{"an index above all values", "0082800404"},
		{"an index below all values", "00ffff7f04"},
		{"a gap beyond all values", "000007ffffffffffffffffff01"},
		{"a number of more than 64 bits", "0000ffffffffffffffffffff7f"},
		{"negative bins that are missing", "20030004"},
		{"no negative bins", "2000"},
		{"more than there can be", "0000fcffffffffffffffff01fcffffffffffffffff01"},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw, err := hex.DecodeString(test.bytes)
			if err != nil {
				t.Fatal(err)
			}
			var s sketch.Sketch
			if err := s.Decode(raw); !errors.Is(err, sketch.ErrMalformed) {
				t.Errorf("%v, want ErrMalformed", err)
			}
			if s.Count() != 0 {
				t.Errorf("%d values", s.Count())
			}
		})
	}
}

// FuzzDecode wants of any bytes a sketch that can be encoded and asked, or an error.
//
//ci:fuzz 300000
func FuzzDecode(f *testing.F) {
	f.Add(of(23.4, 23.5, 0, -1).Append(nil))
	f.Add([]byte{0x09, 0x02, 0x04})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var s sketch.Sketch
		if err := s.Decode(raw); err != nil {
			if !errors.Is(err, sketch.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again := mustDecode(t, s.Append(nil))
		if s.Count() > 0 && again.Quantile(0.5) != s.Quantile(0.5) {
			t.Fatalf("%x: median %v, encoded once more %v", raw, s.Quantile(0.5), again.Quantile(0.5))
		}
		again.Merge(&s)
		if again.Count() != 2*s.Count() {
			t.Fatalf("%x: %d values, twice that is %d", raw, s.Count(), again.Count())
		}
	})
}
