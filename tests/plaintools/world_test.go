package plaintools

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/wanstore/wanstore/service"
)

// world is a history that tools are let at: at rest, or beside a recorder and a reader.
type world struct {
	path     string
	shell    shell
	oracle   oracle
	log      *logged
	recorder *recorder // nil for a file at rest
	reader   *reader
	copies   []copied
}

// copied is a copy of the history, made when it had from least to most batches.
type copied struct {
	path        string
	least, most int
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pastFile is the bytes of a history that has what is before begin, and that was closed.
var pastFile = sync.OnceValues(func() (data []byte, err error) {
	folder, err := os.MkdirTemp("", "wanstore")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "history.db")
	if err := recordPast(context.Background(), path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func recordPast(ctx context.Context, path string) error {
	r, err := openRecorder(ctx, path, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	samples, err := samplesOf(r.writer, past())
	if err != nil {
		return err
	}
	if err := r.writer.Write(ctx, samples...); err != nil {
		return err
	}
	if _, err := r.writer.Maintain(ctx); err != nil {
		return err
	}
	return r.writer.Close(ctx)
}

// atRest is a history that nobody has open.
func atRest(t *testing.T) *world {
	t.Helper()
	s := findShell(t)
	data, err := pastFile()
	must(t, err)
	w := &world{path: filepath.Join(t.TempDir(), "history.db"), shell: s, log: newLogged()}
	must(t, os.WriteFile(w.path, data, 0o600))
	return w
}

// beside is a history with a recorder and a reader at work.
func beside(t *testing.T) *world {
	t.Helper()
	w := atRest(t)
	w.start(t)
	return w
}

// start has a recorder and a reader begin.
func (w *world) start(t *testing.T) {
	t.Helper()
	// The test's own context is done before the clean-up, and would look like a failure of theirs.
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r, err := openRecorder(ctx, w.path, 0, slog.New(w.log))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	w.recorder = r
	go r.run(ctx)
	w.reader = startReader(ctx, w.path, r.progress)
	t.Cleanup(func() { // after a failure in the middle
		cancel()
		<-r.done
		if w.reader != nil {
			_ = w.reader.stop()
		}
		if err := r.writer.Close(context.Background()); err != nil && !t.Failed() {
			t.Error(err)
		}
	})
	r.await(t, 1)
}

// batches is how many batches were begun and how many are in.
func (w *world) batches() (tried, acked int) {
	if w.recorder == nil {
		return 0, 0
	}
	return w.recorder.progress()
}

// copy notes a copy, which is made at a path of the test's.
func (w *world) copy(t *testing.T, makeAt func(path string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	_, least := w.batches()
	makeAt(path)
	most, _ := w.batches()
	w.copies = append(w.copies, copied{path, least, most})
}

// finish ends recorder and reader, if there are any, and looks at the file and its copies.
func (w *world) finish(t *testing.T) {
	t.Helper()
	if w.recorder != nil {
		goOn(t, w.path, &w.oracle, w.finishRecorder(t))
	} else {
		checkFile(t, w.path, &w.oracle, 0, 0)
	}
	w.log.calm(t)
	compareTotals(t, w.shell, w.path)
	for _, one := range w.copies {
		checkFile(t, one.path, &w.oracle, one.least, one.most)
		compareTotals(t, w.shell, one.path)
		if got, want := numbers(t, one.path), numbers(t, w.path); got != want {
			t.Errorf("the header of the copy says %d, want %d", got, want)
		}
	}
}

func (w *world) finishRecorder(t *testing.T) int {
	t.Helper()
	w.recorder.await(t, maintainEvery)
	n := w.recorder.stop(t)
	if err := w.reader.stop(); err != nil {
		t.Error(err)
	}
	w.reader = nil
	if problems := w.recorder.writer.Health(); len(problems) > 0 {
		t.Errorf("health: %v", problems)
	}
	if moved := w.recorder.writer.Status().Quarantines; moved > 0 {
		t.Errorf("%d files were moved aside", moved)
	}
	h, err := service.OpenHistory(t.Context(), w.path)
	must(t, err)
	checkHistory(t, h, &w.oracle, n, n)
	must(t, h.Close())
	if err := w.recorder.writer.Close(context.Background()); err != nil {
		t.Error(err)
	}
	return n
}
