package measure

import (
	"math"
	"time"
)

// weight is how far an exponential moving average moves towards a value that
// came dt after the one before: alpha = 1 - exp(-dt/tau). Written with the time
// in it, an average behaves the same at any interval and through gaps.
//
// Source: the time constant of exponential smoothing (first-order low-pass),
// in the form for uneven spacing of A. Eckner, "Algorithms for Unevenly Spaced
// Time Series: Moving Averages and Other Rolling Operators".
func weight(dt, tau time.Duration) float64 {
	if dt <= 0 {
		return 0
	}
	return -math.Expm1(-float64(dt) / float64(tau))
}

// towards moves from one duration to another, in nanoseconds.
func towards(from, to, alpha float64) float64 {
	return from + alpha*(to-from)
}
