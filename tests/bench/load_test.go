package bench

import (
	"fmt"
	"math/rand/v2"
)

// load is what is recorded: so many series, each so many times a second, for so many minutes in one
// operation of a benchmark. tests/prometheus has the same loads, with the same values.
type load struct{ series, rate, minutes int }

// controller is what one controller records.
var controller = load{7, 20, 60}

var loads = []load{controller, {200, 20, 5}, {10_000, 1, 5}}

func (l load) String() string { return fmt.Sprintf("load=%dx%dHz", l.series, l.rate) }

func (l load) samples() int { return l.series * l.rate * 60 * l.minutes }

// isState says that a series is a state, as two in seven are.
func isState(series int) bool { return series%7 >= 5 }

// value makes the next value of a series: a state, or milliseconds that were measured in
// nanoseconds.
func value(random *rand.Rand, series int) float64 {
	if isState(series) {
		return float64(random.IntN(4))
	}
	return float64(20_000_000+random.Int64N(5_000_000)) / 1e6
}

func newRandom() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }
