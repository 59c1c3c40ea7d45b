package corruption

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// cuts are the sizes that an index of 32 KiB is cut off at: nothing, within its head, and behind
// it, which leaves a head that looks sound.
var cuts = []int64{0, 60, 4096, 20_000}

// cutIndex cuts off the index of a history that is in use, where every process has mapped it into
// memory.
func cutIndex(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path+"-shm", size); !errors.Is(err, fs.ErrNotExist) {
		must(t, err)
	}
}

// looks are what looks at an index.
var looks = map[string]func(*testing.T, *service.Writer, *service.History){
	"write": func(t *testing.T, w *service.Writer, _ *service.History) {
		t.Helper()
		write(t, w,
			1000)
	},
	"read": func(t *testing.T, _ *service.Writer, h *service.History) {
		t.Helper()
		must(t, readAll(t.Context(), h))
	},
	"maintain": func(t *testing.T, w *service.Writer, _ *service.History) {
		t.Helper()
		maintainOrTell(t, w)
	},
	"back up": func(t *testing.T, _ *service.Writer, h *service.History) { t.Helper(); backUp(t, h) },
	"open for reading": func(t *testing.T, w *service.Writer, _ *service.History) {
		t.Helper()
		read(t, w.Path())
	},
	"open for writing": func(t *testing.T, w *service.Writer, _ *service.History) {
		t.Helper()
		openAnother(t, w.Path())
	},
}

func backUp(t *testing.T, h *service.History) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy.db")
	_, err := h.Backup(t.Context(), copied)
	must(t, err)
	must(t, filetest.Check(copied))
}

// The index of a history is cut off, and then something looks at it: that goes on, and nothing is
// lost.
func TestIndexCutOff(t *testing.T) {
	for name, look := range looks {
		for _, size := range cuts {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				w, _ := running(t)
				h, err := service.OpenHistory(t.Context(), w.Path())
				must(t, err)
				defer func() { must(t, h.Close()) }()
				write(t, w, 0)
				must(t, readAll(t.Context(), h))
				for round := range 3 { // what it was mended by is mended again
					cutIndex(t, w.Path(), size)
					look(t, w, h)
					write(t, w, 1+round)
					must(t, readAll(t.Context(), h))
				}
				must(t, w.Close(t.Context()))
				isWhole(t, w.Path())
				for _, value := range []float64{0, 1, 2, 3} {
					if got := stored(t, w.Path()); !slices.Contains(got, any(value)) {
						t.Errorf("the file has %v and lacks %v", got, value)
					}
				}
			})
		}
	}
}

// The same in the middle of a view, which cannot go on: it says so.
func TestIndexCutOffUnderAView(t *testing.T) {
	for _, size := range cuts {
		w, _ := running(t)
		fillLate(t, w)
		h, err := service.OpenHistory(t.Context(), w.Path())
		must(t, err)
		points := 0
		for _, err := range h.Range(t.Context(),
			service.Query{From: begin, Until: time.Now().Add(time.Hour), Step: time.Minute}) {
			if points++; points == 1 {
				cutIndex(t, w.Path(), size)
			}
			if err != nil && !isDamage(err) {
				t.Errorf("read: %v, want nothing or %v", err, service.ErrDamaged)
			}
		}
		must(t, readAll(t.Context(), h))
		must(t, h.Close())
		must(t, w.Close(t.Context()))
		isWhole(t, w.Path())
	}
}

// The same at the end: what was recorded is in the WAL, and the next one finds it there.
func TestIndexCutOffBeforeClose(t *testing.T) {
	for _, size := range cuts {
		w, err := service.OpenWriter(t.Context(), service.Config{DBPath: filetest.Path(t)},
			service.Options{NoMaintenance: true})
		must(t, err)
		write(t, w, 7)
		cutIndex(t, w.Path(), size)
		if err := w.Close(t.Context()); err != nil && !isDamage(err) {
			t.Errorf("close: %v, want nothing or %v", err, service.ErrDamaged)
		}
		openAnother(t, w.Path())
		isWhole(t, w.Path())
		if got := stored(t, w.Path()); !slices.Equal(got, []any{7.0}) {
			t.Errorf("the file has %v, want what was written", got)
		}
	}
}

// The same at any moment, while the history is written, read and maintained: each of them works
// again soon, and nothing is lost.
func TestIndexCutOffAtAnyMoment(t *testing.T) {
	const rounds = 40
	w := openWith(t,
		service.Config{DBPath: filetest.Path(t), KeepRaw: time.Hour, CommitInterval: time.Millisecond},
		service.Options{Logger: slog.New(slog.DiscardHandler)})
	fill(t, w)
	h, err := service.OpenHistory(t.Context(), w.Path())
	must(t, err)
	s, err := w.Series("moments", "spectrum", nil)
	must(t, err)
	written := 0
	doings := []func() error{
		func() error {
			at := begin.Add(time.Duration(written) * time.Millisecond)
			err := w.Write(t.Context(), service.Sample{Series: s, Time: at, Value: 1})
			if err == nil {
				written++
			}
			return err
		},
		func() error { return readAll(t.Context(), h) },
		func() error { _, err := w.Maintain(t.Context()); return err },
	}
	random, failed := filetest.Random(t), make([]int, len(doings))
	for range rounds {
		size, after := cuts[random.IntN(len(cuts))], time.Duration(random.IntN(20_000))*time.Microsecond
		cut := make(chan struct{})
		var all sync.WaitGroup
		for i, do := range doings {
			all.Go(func() {
				for again := true; again; { // until it has worked after the cut
					select {
					case <-cut:
						again = false
					default:
					}
					if err := do(); err != nil {
						failed[i]++
						again = true
						if !isDamage(err) && !errors.Is(err, service.ErrBusy) {
							t.Errorf("doing %d: %v", i, err)
							return
						}
					}
				}
			})
		}
		time.Sleep(after)
		cutIndex(t, w.Path(), size)
		close(cut)
		all.Wait()
	}
	t.Logf("%d writes; writes, readings and passes that failed: %v", written, failed)
	must(t, h.Close())
	must(t, w.Close(t.Context()))
	isWhole(t, w.Path())
	n := int64(0)
	for _, count := range counts(t, w.Path(), "moments") {
		n += count
	}
	if n != int64(written) {
		t.Errorf("the file has %d samples, want %d", n, written)
	}
}

// A damaged index is replaced, and a reader that still has the old one mapped would never see again
// what is written.
func TestIndexReplacedUnderAReader(t *testing.T) {
	w, _ := running(t)
	add(t, w, commits)
	h, err := service.OpenHistory(t.Context(), w.Path())
	must(t, err)
	defer func() { must(t, h.Close()) }()
	must(t, readAll(t.Context(), h))
	before, err := os.Stat(w.Path() + "-shm")
	must(t, err)
	noise := make([]byte, 16<<10)
	random := filetest.Random(t)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	index, err := os.OpenFile(w.Path()+"-shm", os.O_WRONLY, 0)
	must(t, err)
	_, err = index.WriteAt(noise, 16<<10)
	must(t, errors.Join(err, index.Close()))
	maintainOrTell(t, w)
	write(t, w, 1)
	after, err := os.Stat(w.Path() + "-shm")
	must(t, err)
	t.Logf("replaced: %v", !os.SameFile(before, after))
	for i := range 3 {
		write(t, w, 2+i)
		latest, err := h.Latest(t.Context(), service.Filter{Metrics: []string{"after"}})
		must(t, err)
		if len(latest) != 1 || latest[0].Value != float64(2+i) {
			t.Errorf("a reader sees %v, want %d", latest, 2+i)
		}
	}
}

// write writes one sample of this moment.
func write(t *testing.T, w *service.Writer, value int) {
	t.Helper()
	must(t, w.Write(t.Context(), sample(t, w, float64(value))))
}

func maintainOrTell(t *testing.T, w *service.Writer) {
	t.Helper()
	if _, err := w.Maintain(t.Context()); err != nil && !isDamage(err) {
		t.Error(err)
	}
}

func openAnother(t *testing.T, path string) {
	t.Helper()
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path},
		service.Options{NoMaintenance: true})
	must(t, err)
	must(t, w.Close(context.Background()))
}

func readAll(ctx context.Context, h *service.History) error {
	for _, err := range h.Range(ctx,
		service.Query{From: begin, Until: time.Now().Add(time.Hour), Step: time.Minute}) {
		if err != nil {
			return err
		}
	}
	return nil
}

// counts is how many samples of a metric each point of the history has.
func counts(t *testing.T, path, metric string) []int64 {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer func() { must(t, h.Close()) }()
	var list []int64
	query := service.Query{From: begin.Add(-time.Hour), Until: time.Now(), Step: time.Minute}
	query.Metrics = []string{metric}
	for point, err := range h.Range(t.Context(), query) {
		must(t, err)
		list = append(list, point.Count)
	}
	return list
}

// isWhole fails the test if a closed history is not sound, or has been moved aside.
func isWhole(t *testing.T, path string) {
	t.Helper()
	must(t, filetest.Check(path))
	files, err := service.Quarantined(path)
	must(t, err)
	if len(files) > 0 {
		t.Errorf("a sound file was moved aside: %v", files)
	}
}
