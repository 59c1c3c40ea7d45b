package processes

import (
	"log/slog"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// Two processes write one file and maintain it, in small batches and with late samples, some of
// them the same: afterwards every accepted sample is there once, in every tier. Readers meanwhile
// never fail, and see all that was accepted before.
func TestTwoProcesses(t *testing.T) {
	const children, batches = 2, 160
	path := filetest.Path(t)
	both := startAll(t, children, orders{Path: path, Batches: batches, KeepRaw: time.Hour,
		MaintainEvery: 7})

	all := truth.New()
	r := &reader{t: t, path: path}
	defer r.close()
	var acks int
	var accepted, duplicate int64
	for left := children; left > 0; {
		e := <-both
		switch {
		case e.ended:
			left--
			if e.failure != "" {
				t.Errorf("child %d: %s", e.child, e.failure)
			}
		case e.Done:
			accepted += e.Accepted
			duplicate += e.Duplicate
		case e.Ack > 0:
			expect(all, plan(e.child, e.Ack-1))
			acks++
			if acks%10 != 0 {
				continue
			}
			want := int64(all.Samples())
			if n := r.total(time.Duration(acks%3) * time.Minute); n < want {
				t.Errorf("a reader sees %d samples, and %d have been accepted", n, want)
			}
		}
	}
	if acks != children*batches {
		t.Errorf("%d batches were accepted, want %d", acks, children*batches)
	}
	want := all.Samples()
	if accepted != int64(want) {
		t.Errorf("the children count %d samples together, want %d", accepted, want)
	}
	if shared := int64(14 * batches); duplicate != shared {
		t.Errorf("the children count %d duplicates together, want %d", duplicate, shared)
	}
	checkFile(t, path, all, clock(batches))
}

// event is what one of several children reports, or its end.
type event struct {
	report

	child   int
	ended   bool
	failure string
}

// startAll starts children with the same orders, and returns what they report.
func startAll(t *testing.T, children int, o orders) <-chan event {
	t.Helper()
	events := make(chan event)
	for i := range children {
		o.Child = i
		c := start(t, o)
		go func() {
			for r := range c.reports {
				events <- event{child: i, report: r}
			}
			events <- event{child: i, ended: true, failure: c.wait()}
		}()
	}
	return events
}

// checkFile compares the tiers of the file with all that was accepted: as it is, after maintenance,
// and a day later.
func checkFile(t *testing.T, path string, all *truth.Truth, now time.Time) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	check := func() {
		t.Helper()
		status := all.CheckTiers(t, h)
		for _, step := range []time.Duration{0, time.Minute, 7 * time.Minute, time.Hour} {
			all.CheckRange(t, h, status, step)
		}
	}
	check()
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, service.Options{
		Logger:        slog.New(slog.DiscardHandler),
		Now:           func() time.Time { return now },
		TrustClock:    true,
		NoMaintenance: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.Maintain(t.Context()); err != nil {
			t.Error(err)
		}
		check()
		now = now.AddDate(0, 0, 1)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
