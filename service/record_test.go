package service_test

import (
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// The control loop pays for no garbage, whatever becomes of its samples.
func TestRecordAllocatesNothing(t *testing.T) {
	w := open(t,
		service.Config{DBPath: filetest.Path(t), CommitInterval: time.Hour, QueueSize: 64,
			CommitSamples: 64}, quiet())
	closed := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	s := rtt(t, w)
	shut(t, closed)
	now := time.Now()
	cycle := run(s, 7, now, time.Microsecond)
	for name, record := range map[string]func(){
		"a cycle":      func() { w.Record(cycle...) },
		"one sample":   func() { w.Record(service.Sample{Series: s, Time: now, Value: 1}) },
		"nothing":      func() { w.Record() },
		"no series":    func() { w.Record(service.Sample{Time: now, Value: 1}) },
		"after close":  func() { closed.Record(cycle...) },
		"a full queue": func() { w.Record(cycle...); w.Record(cycle...); w.Record(cycle...) },
	} {
		// The commits of the writer's goroutine are not counted for long: the average is a whole
		// number, rounded down.
		if allocs := testing.AllocsPerRun(200, record); allocs != 0 {
			t.Errorf("%s: %v allocations, want none", name, allocs)
		}
	}
}
