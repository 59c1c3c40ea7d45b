package service_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// A caller that asks for a pass may cancel it: nothing has failed then.
func TestCancelledMaintainIsNoFailure(t *testing.T) {
	var log logged
	w := open(t, service.Config{DBPath: filetest.Path(t)},
		service.Options{Logger: log.logger(), NoMaintenance: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	report, err := w.Maintain(ctx)
	want(t, err, context.Canceled)
	want(t, report.Err, context.Canceled)
	if !report.MoreDue {
		t.Error("the report says that nothing more is due")
	}
	if status := w.Status(); status.LastError != nil {
		t.Errorf("the writer counts it as a failure: %v", status.LastError)
	}
	if diff := cmp.Diff([]string(nil), log.lines()); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}

// The status knows of a pass as soon as the one who asked for it does.
func TestStatusAfterMaintain(t *testing.T) {
	w := open(t, service.Config{DBPath: filetest.Path(t)}, quiet())
	for pass := range int64(20) {
		report, err := w.Maintain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		status := w.Status()
		if status.Passes != pass+1 {
			t.Fatalf("%d passes in the status after %d", status.Passes, pass+1)
		}
		if diff := cmp.Diff(report, status.LastPass); diff != "" {
			t.Fatalf("report of the pass (-returned +in the status):\n%s", diff)
		}
	}
}
