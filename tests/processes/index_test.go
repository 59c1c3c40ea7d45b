package processes

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// The index of a file is cut off, again and again, while two processes write it and a third one
// reads it. All of them have it mapped into memory, and all of them live; nothing is lost or
// counted twice. A batch that was stored may be reported as failed, where the cut comes in the
// middle of its commit: so it is repeated, and has no sample whose repetition nobody could know.
func TestIndexCutOffUnderProcesses(t *testing.T) {
	const children, batches = 2, 120
	path := filetest.Path(t)
	both := startAll(t, children, orders{Path: path, Batches: batches, KeepRaw: time.Hour,
		MaintainEvery: 7, Damaged: true})
	all := truth.New()
	var h *service.History
	acks, failed := 0, 0
	for left := children; left > 0; {
		e := <-both
		switch {
		case e.ended:
			left--
			if e.failure != "" {
				t.Errorf("child %d: %s", e.child, e.failure)
			}
		case e.Ack > 0:
			expect(all, inTime(e.child, e.Ack-1))
			if acks++; acks%10 != 0 {
				continue
			}
			if h == nil {
				h = openHistory(t, path)
			}
			failed += readAgain(t, h)
			// The children are in the middle of something: nobody waits for them.
			if err := os.Truncate(path+"-shm", int64(acks/10%3)*4096); err != nil {
				t.Error(err)
			}
		}
	}
	if acks != children*batches {
		t.Fatalf("%d batches were accepted, want %d", acks, children*batches)
	}
	t.Logf("%d times cut off, %d readings failed", acks/10, failed)
	readAgain(t, h)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if files, err := service.Quarantined(path); err != nil || len(files) > 0 {
		t.Errorf("a sound file was moved aside: %v, %v", files, err)
	}
	checkFile(t, path, all, clock(batches))
}

func openHistory(t *testing.T, path string) *service.History {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// readAgain reads everything until that works, and returns how often it did not.
func readAgain(t *testing.T, h *service.History) (failed int) {
	t.Helper()
	for ; failed < 20; failed++ {
		err := readAll(t, h)
		if err == nil {
			return failed
		}
		if !errors.Is(err, service.ErrDamaged) && !errors.Is(err, service.ErrBusy) {
			t.Fatalf("read: %v, want nothing or %v", err, service.ErrDamaged)
		}
	}
	t.Fatalf("%d readings in a row have failed", failed)
	return failed
}

func readAll(t *testing.T, h *service.History) error {
	t.Helper()
	query := service.Query{From: begin.AddDate(0, 0, -1), Until: begin.AddDate(0, 0, 7),
		Step: time.Minute}
	for _, err := range h.Range(t.Context(), query) {
		if err != nil {
			return err
		}
	}
	return nil
}
