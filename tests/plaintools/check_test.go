package plaintools

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// checkFile looks at a file that nobody has open: it opens, holds what it has to, is recorded into
// further, and nobody is told of damage.
func checkFile(t *testing.T, path string, o *oracle, least, most int) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Errorf("a reader: %v", err)
		return
	}
	n := checkHistory(t, h, o, least, most)
	must(t, h.Close())
	goOn(t, path, o, n)
}

// checkHistory compares a history of some number of batches with what it has to hold, and returns
// that number.
func checkHistory(t *testing.T, h *service.History, o *oracle, least, most int) int {
	t.Helper()
	n := batchesIn(t, h)
	if n < least || n > most {
		t.Errorf("it has %d batches, want %d to %d", n, least, most)
	}
	all := o.after(n)
	status := all.CheckTiers(t, h)
	for _, step := range []time.Duration{0, 5 * time.Minute} {
		all.CheckRange(t, h, status, step)
	}
	problems, err := h.Health(t.Context())
	if err != nil || len(problems) > 0 {
		t.Errorf("health: %v, %v", problems, err)
	}
	return n
}

// batchesIn is how many batches a history has, by the newest sample that counts them.
func batchesIn(t *testing.T, h *service.History) int {
	t.Helper()
	points, err := h.Latest(t.Context(), service.Filter{WAN: counter})
	must(t, err)
	if len(points) == 0 {
		return 0
	}
	return int(points[0].Value)
}

// goOn records into a file that has so many batches, and looks again.
func goOn(t *testing.T, path string, o *oracle, batches int) {
	t.Helper()
	log := newLogged()
	r, err := openRecorder(t.Context(), path, batches, slog.New(log))
	if err != nil {
		t.Errorf("a writer: %v", err)
		return
	}
	for range 2 * maintainEvery {
		if err := r.record(t.Context()); err != nil {
			t.Errorf("recording on: %v", err)
			break
		}
	}
	_, n := r.progress()
	if problems := r.writer.Health(); len(problems) > 0 {
		t.Errorf("health: %v", problems)
	}
	must(t, r.writer.Close(t.Context()))
	log.calm(t)
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	checkHistory(t, h, o, n, n)
	must(t, h.Close())
	nothingAside(t, path)
	if err := filetest.Check(path); err != nil {
		t.Error(err)
	}
}

// nothingAside demands that no file was moved aside.
func nothingAside(t *testing.T, path string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	for _, file := range files {
		if strings.Contains(file.Name(), "damaged") {
			t.Errorf("%s lies beside the history", file.Name())
		}
	}
}
