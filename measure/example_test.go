package measure_test

import (
	"fmt"
	"time"

	"github.com/wanstore/wanstore/measure"
)

// A line of 20 ms that is idle for a second, then has 60 ms of queueing, then
// falls silent.
func ExampleCongestion() {
	var line measure.Congestion
	at := time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)
	for _, rtt := range []time.Duration{20 * time.Millisecond, 80 * time.Millisecond} {
		var now measure.Reading
		for range 20 {
			at = at.Add(50 * time.Millisecond)
			now = line.Observe(rtt, at)
		}
		fmt.Println(now.Baseline.Round(time.Millisecond), now.Delta.Round(time.Millisecond), now.State)
	}
	fmt.Println(line.Silence(at.Add(2 * time.Second)).State)
	// Output:
	// 20ms 0s GREEN
	// 20ms 59ms SOFT_RED
	// RED
}
