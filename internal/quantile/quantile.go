// Package quantile reads which quantiles somebody asks for, and names them: 0.95 is p95.
package quantile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrSyntax reports a text that is no quantile.
var ErrSyntax = errors.New("want a number from 0 to 1, such as 0.95")

// Usual are the quantiles that are shown where nobody has chosen others.
func Usual() []float64 { return []float64{0.5, 0.95, 0.99} }

// Parse reads numbers from 0 to 1, separated by commas. It keeps their order and leaves out
// repeated ones.
//
// Errors: ErrSyntax, with the number that is wrong.
func Parse(text string) ([]float64, error) {
	var list []float64
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		q, err := strconv.ParseFloat(part, 64)
		if err != nil || !(q >= 0 && q <= 1) { // so written that NaN is refused, too
			return nil, fmt.Errorf("%.80q: %w", part, ErrSyntax)
		}
		list = Add(list, q+0) // -0 becomes 0
	}
	return list, nil
}

// Add appends the quantiles that a list does not have.
func Add(list []float64, more ...float64) []float64 {
	for _, q := range more {
		if !slices.Contains(list, q) {
			list = append(list, q)
		}
	}
	return list
}

// Name returns the name of a quantile: p50 for 0.5, p99.9 for 0.999.
func Name(q float64) string {
	digits := strconv.FormatFloat(q, 'f', -1, 64)
	whole, fraction, _ := strings.Cut(digits, ".")
	for len(fraction) < 2 {
		fraction += "0"
	}
	// moved by two digits: a product with 100 would be rounded
	name := strings.TrimLeft(whole+fraction[:2], "0")
	if name == "" {
		name = "0"
	}
	if rest := fraction[2:]; rest != "" {
		name += "." + rest
	}
	return "p" + name
}

// Names returns the names of quantiles.
func Names(list []float64) []string {
	names := make([]string, len(list))
	for i, q := range list {
		names[i] = Name(q)
	}
	return names
}
