package quantile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for text, want := range map[string][]string{
		"0.5":                   {"p50"},
		"0.99,0.5, 0.95":        {"p99", "p50", "p95"},
		"0.5,.50,5e-1,0.9":      {"p50", "p90"},
		"-0,0,1":                {"p0", "p100"},
		"0.999,0.9999":          {"p99.9", "p99.99"},
		"0.07,0.29,0.001,0.005": {"p7", "p29", "p0.1", "p0.5"},
	} {
		list, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, Names(list)); diff != "" {
			t.Errorf("%q: (-want +got)\n%s", text, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, offender := range map[string]string{
		"":          `""`,
		"0.5,":      `""`,
		"0.5,95":    `"95"`,
		"p95":       `"p95"`,
		"-0.1,0.5":  `"-0.1"`,
		"0.5,NaN":   `"NaN"`,
		"inf":       `"inf"`,
		"1.0000001": `"1.0000001"`,
		"0.5;0.9":   `"0.5;0.9"`,
	} {
		_, err := Parse(text)
		if !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), offender) {
			t.Errorf("%q: error is %v, want one that names %s", text, err, offender)
		}
	}
}
