package faults

import (
	"maps"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// The run that is repeated does all that there is to be interrupted.
func TestRun(t *testing.T) {
	r := begun(t, found(t), "NORMAL")
	if err := r.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := service.Report{RolledUp: map[string]int64{}, Deleted: map[string]int64{}}
	for _, report := range r.reports {
		for level, rows := range report.RolledUp {
			all.RolledUp[level] += rows
		}
		for tier, rows := range report.Deleted {
			all.Deleted[tier] += rows
		}
		all.Expired += report.Expired
		all.PagesFreed += report.PagesFreed
	}
	done := map[string]int64{"expired": all.Expired, "pages freed": all.PagesFreed}
	maps.Copy(done, all.RolledUp)
	for tier, rows := range all.Deleted {
		done["deleted "+tier] = rows
	}
	for what, number := range done {
		if number == 0 {
			t.Errorf("none: %s", what)
		}
	}
	t.Logf("%d operations, %v", r.disk.Operations(), done)
}
