package plaintools

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// runQuietly runs a program that has nothing to say.
func runQuietly(t *testing.T, program string, args ...string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, output)
	}
}

// suffixes are of the files that are a history together. The index need not go with the others.
var suffixes = []string{"", "-wal"}

// cp copies a history and its WAL with the command of that name.
func cp(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range suffixes {
		if _, err := os.Stat(from + suffix); err != nil && suffix != "" {
			continue
		}
		runQuietly(t, "cp", from+suffix, to+suffix)
	}
}

// copiedTogether copies the file and its WAL while nobody writes to them.
func copiedTogether(t *testing.T, w *world) {
	t.Helper()
	w.copy(t, func(path string) { cp(t, w.path, path) })
}

// File and WAL are copied while the recorder has them open: between two batches, and while a shell
// keeps everybody from writing, which is what cp needs to find them as they are.
func TestCopiedBesideARecorder(t *testing.T) {
	w := beside(t)
	w.recorder.await(t, 4)
	w.recorder.gate.Lock()
	copiedTogether(t, w)
	w.recorder.gate.Unlock()
	w.recorder.await(t, 4)
	s := w.shell.open(t, w.path)
	defer s.kill()
	s.ask(t, "BEGIN IMMEDIATE;")
	copiedTogether(t, w)
	s.ask(t, "ROLLBACK;")
	s.close(t)
	w.finish(t)
}

// mv moves a history with all that lies beside it.
func mv(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		runQuietly(t, "mv", from+suffix, to+suffix)
	}
}

// A history is renamed under its recorder, which goes on in a new one: what was accepted before is
// in the old file, the rest in the new one. To rename the file alone leaves its WAL behind, but the
// recorder has both open, and can still take the one into the other.
func TestRenamedUnderARecorder(t *testing.T) {
	for _, one := range []struct {
		name, to string
		move     func(t *testing.T, from, to string)
	}{
		{"with its WAL", "history.db.old", mv},
		{"into another folder", "../elsewhere.db", mv},
		{"the file alone", "history.db.old", mvAlone},
	} {
		t.Run(one.name, func(t *testing.T) {
			w := atRest(t)
			r, err := openRecorder(t.Context(), w.path, 0, slog.New(w.log))
			must(t, err)
			const before = 2*maintainEvery + 3 // the last ones are in the WAL
			record(t, r, before)
			old := filepath.Join(filepath.Dir(w.path), one.to)
			one.move(t, w.path, old)
			record(t, r, 2*maintainEvery)
			must(t, r.writer.Close(t.Context()))
			w.log.calm(t)
			checkFile(t, old, &w.oracle, before, before)
			checkSince(t, w.path, before, before+2*maintainEvery)
		})
	}
}

func mvAlone(t *testing.T, from, to string) {
	t.Helper()
	runQuietly(t, "mv", from, to)
}

func record(t *testing.T, r *recorder, batches int) {
	t.Helper()
	for range batches {
		must(t, r.record(t.Context()))
	}
}

// checkSince demands that a history has some batches, and nothing else.
func checkSince(t *testing.T, path string, from, until int) {
	t.Helper()
	want := int64(0)
	for i := from; i < until; i++ {
		want += int64(len(plan(i)))
	}
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer h.Close()
	summaries, err := h.Summarize(t.Context(), everything())
	must(t, err)
	got := int64(0)
	for _, s := range summaries {
		got += s.Count
	}
	if got != want {
		t.Errorf("the new file has %d samples, want %d", got, want)
	}
	nothingAside(t, path)
}

// A history that is renamed and back again, between two batches, is the same one.
func TestRenamedAndBack(t *testing.T) {
	w := beside(t)
	w.recorder.await(t, 4)
	must(t, w.reader.stop())
	w.recorder.gate.Lock()
	mv(t, w.path, w.path+".away")
	mv(t, w.path+".away", w.path)
	w.recorder.gate.Unlock()
	w.reader = startReader(t.Context(), w.path, w.recorder.progress)
	w.recorder.await(t, 4)
	w.finish(t)
}

// A history that nobody has open is renamed.
func TestRenamedAtRest(t *testing.T) {
	w := atRest(t)
	to := filepath.Join(t.TempDir(), "other.db")
	must(t, os.Rename(w.path, to))
	w.path = to
	w.finish(t)
}
