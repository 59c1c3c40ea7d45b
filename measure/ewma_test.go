package measure

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWeight(t *testing.T) {
	t.Parallel()
	if got := weight(time.Second, time.Second); math.Abs(got-(1-1/math.E)) > 1e-15 {
		t.Errorf("after one time constant: %v", got)
	}
	for _, dt := range []time.Duration{0, -1, -time.Hour} {
		if got := weight(dt, time.Second); got != 0 {
			t.Errorf("weight(%v) = %v, want 0", dt, got)
		}
	}
	if got := weight(math.MaxInt64, time.Millisecond); got != 1 {
		t.Errorf("after ages: %v, want 1", got)
	}
}

// An average that knows of time does not care into how many steps it is cut.
func TestWeightOfStepsIsTheWeightOfTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "a"))
		b := time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "b"))
		twice := towards(towards(0, 1, weight(a, time.Second)), 1, weight(b, time.Second))
		if once := weight(a+b, time.Second); math.Abs(once-twice) > 1e-12 {
			t.Fatalf("%v in one step, %v in two", once, twice)
		}
	})
}
