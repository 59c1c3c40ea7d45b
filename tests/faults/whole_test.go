package faults

import (
	"testing"

	"github.com/wanstore/wanstore/service"
)

// The run that is repeated does all that there is to be interrupted.
func TestRun(t *testing.T) {
	r := begun(t, found(t), "NORMAL")
	if err := r.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := map[string]int64{}
	for _, report := range r.reports {
		for g := service.Raw; g <= service.Hour; g++ {
			done["deleted "+g.String()] += report.Deleted[g]
			if g > service.Raw {
				done["rolled up to "+g.String()] += report.RolledUp[g]
			}
		}
		done["expired"] += report.Expired
		done["pages freed"] += report.PagesFreed
	}
	for what, number := range done {
		if number == 0 {
			t.Errorf("none: %s", what)
		}
	}
	t.Logf("%d operations, %v", r.disk.Operations(), done)
}
