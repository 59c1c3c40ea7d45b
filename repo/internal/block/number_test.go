package block

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// What is written reads back to the bit and is not longer than what strconv makes in either form.
func TestNumbersAreExactAndShort(t *testing.T) {
	check := func(v float64) string {
		text := appendNumber(nil, v)
		got, end := number(text, 0)
		parsed, err := strconv.ParseFloat(string(text), 64)
		plain := strconv.AppendFloat(nil, v, 'f', -1, 64)
		switch {
		case math.Float64bits(got) != math.Float64bits(v+0) || end != len(text):
			return "does not read back: " + string(text)
		case err != nil || parsed != v:
			return "others read it differently: " + string(text)
		case len(text) > len(plain) && v != 0:
			return string(text) + " is longer than " + string(plain)
		case !json.Valid(text):
			return "is no JSON: " + string(text)
		}
		return ""
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Float64Range(-1e300, 1e300),
			rapid.Custom(func(t *rapid.T) float64 {
				return math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
			}),
			rapid.Custom(func(t *rapid.T) float64 {
				mantissa := rapid.Int64Range(-1<<54, 1<<54).Draw(t, "mantissa")
				return float64(mantissa) / math.Pow10(rapid.IntRange(0, 20).Draw(t, "decimals"))
			}),
		).Draw(t, "v")
		if math.IsInf(v, 0) || math.IsNaN(v) {
			t.Skip()
		}
		// Neighbours too: they are what a wrong rounding would give.
		for _, v := range []float64{math.Nextafter(v, -1e308), v, math.Nextafter(v, 1e308)} {
			if wrong := check(v); wrong != "" {
				t.Fatalf("%b %s", v, wrong)
			}
		}
	})
}

// Any decimal is read as strconv reads it, at the borders of what is exact too.
func TestNumbersAreReadAsStrconvDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?(0|[1-9][0-9]{0,22})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?`).
			Draw(t, "text")
		got, end := number([]byte(text+",1"), 0)
		want, err := strconv.ParseFloat(text, 64)
		if err != nil {
			if end >= 0 {
				t.Fatalf("%s is %v, want none", text, got)
			}
			return
		}
		if math.Float64bits(got) != math.Float64bits(want+0) || end != len(text) {
			t.Fatalf("%s is %v to %d, want %v", text, got, end, want)
		}
	})
}

// With one digit more than it holds, the mantissa would be a small number again.
func TestNumbersThatOverflowTheMantissa(t *testing.T) {
	for _, text := range []string{
		"18446744073709551617", "1.8446744073709551617", "0.18446744073709551617",
		"184467440737095516170", "9999999999999999999", "0.0000000000000000001",
	} {
		want, err := strconv.ParseFloat(text, 64)
		if got, end := number([]byte(text), 0); err != nil || got != want || end != len(text) {
			t.Errorf("%s is %v to %d, want %v", text, got, end, want)
		}
	}
}
