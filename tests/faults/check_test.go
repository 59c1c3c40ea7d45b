package faults

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// found makes the file that runs begin with, once a test.
func found(t *testing.T) string {
	t.Helper()
	path := filetest.Path(t)
	w, err := service.OpenWriter(t.Context(), config(path, "NORMAL"),
		options(func() time.Time { return begin }))
	if err != nil {
		t.Fatal(err)
	}
	list, err := samples(w, earlier())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(t.Context(), list...), w.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return path
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o640)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkLeft looks at what a crash has left: it opens, is whole, and holds the batches up to one of
// those from least on, and nothing else. Then it is recorded and maintained further.
func (r *run) checkLeft(t *testing.T, l left, least int) {
	t.Helper()
	path := filepath.Join(l.dir, fileName)
	batches := 0
	if holds(t, path) {
		if err := filetest.Check(path); err != nil {
			t.Error(err)
			return
		}
		batches = r.checkHistory(t, path, l.state)
	}
	if batches < least || batches > l.state.tried {
		t.Errorf("%d batches are left, want %d to %d", batches, least, l.state.tried)
	}
	if !t.Failed() {
		r.carryOn(t, path, l.state, batches)
	}
	if err := filetest.Check(path); err != nil {
		t.Error(err)
	}
	checkNames(t, l.dir)
}

// holds says that there is a history: one that was only being made may be missing or empty.
func holds(t *testing.T, path string) bool {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if errors.Is(err, service.ErrEmpty) || errors.Is(err, service.ErrMissing) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return true
}

// checkHistory compares what a reader sees with the batches up to the newest one that is there, and
// returns its number.
func (r *run) checkHistory(t *testing.T, path string, s state) int {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	batches := newest(t, h)
	if batches > s.tried {
		t.Fatalf("batch %d is there, which is yet to come", batches)
	}
	compare(t, h, path, r.truth(batches), s.now)
	return batches
}

// newest returns the number of the newest batch that a history has.
func newest(t *testing.T, h *service.History) int {
	t.Helper()
	points, err := h.Latest(t.Context(), service.Filter{Metrics: []string{markers}})
	if err != nil {
		t.Fatal(err)
	}
	if len(points) == 0 {
		return 0
	}
	return int(points[0].Value)
}

// compare compares the sums of all tiers, and a range over them all, with the truth. No floor has
// risen further than the ages allow.
func compare(t *testing.T, h *service.History, path string, all *truth.Truth, now time.Time) {
	t.Helper()
	sums := truth.OpenSums(t, path)
	sums.Check(t, all)
	if err := sums.Close(); err != nil {
		t.Error(err)
	}
	status, err := h.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all.CheckRange(t, h, status, time.Hour)
	for i, keep := range []time.Duration{keepRaw, keep1m, keep5m, days * 24 * time.Hour} {
		if floor := status.Tiers[i].Floor; floor.After(now.Add(-keep)) {
			t.Errorf("the floor of %s is %s at %s, younger than %s", status.Tiers[i].Granularity, floor, now,
				keep)
		}
	}
}

// carryOn records and maintains what a crash has left.
func (r *run) carryOn(t *testing.T, path string, s state, batches int) {
	t.Helper()
	now := s.now.Add(6 * time.Minute)
	w, err := service.OpenWriter(t.Context(), config(path, "NORMAL"),
		options(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	more := batch(s.tried+1, now)
	list, err := samples(w, more)
	if err != nil {
		t.Fatal(err)
	}
	_, maintained := w.Maintain(t.Context())
	if err := errors.Join(maintained, w.Write(t.Context(), list...)); err != nil {
		t.Error(err)
	}
	_, maintained = w.Maintain(t.Context())
	if err := errors.Join(maintained, w.Close(t.Context())); err != nil {
		t.Error(err)
	}
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	compare(t, h, path, r.truthWith(batches, s.tried+1, now), now)
}

// checkNames finds nothing but a history in a directory: a crash damages no file that would have to
// be put aside.
func checkNames(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		switch suffix, ok := strings.CutPrefix(entry.Name(), fileName); {
		case ok && (suffix == "" || suffix == "-wal" || suffix == "-shm" || suffix == ".lock"):
		default:
			t.Errorf("there is a file %s", entry.Name())
		}
	}
}
