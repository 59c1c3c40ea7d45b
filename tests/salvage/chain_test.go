package salvage

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
)

// chain is a history that was damaged twice: all that was recorded is in the file first, in second,
// and in what was recorded since.
type chain struct {
	c             *clock
	first, second string            // the files that were moved aside
	files         map[string][]byte // to go on with, by name: "" is none
	control       string            // an undamaged history of the same
}

// parts of the chain end within an hour, so that its files have buckets in common.
var parts = []time.Duration{70 * time.Minute, 100 * time.Minute, 130 * time.Minute}

// newChain makes a chain whose second file has taken nothing, a part or all of the first one when
// it is damaged. The files that go on are backups.
func newChain(t *testing.T, taken string) chain {
	t.Helper()
	dir := t.TempDir()
	ch := chain{c: newClock(begin), control: filepath.Join(dir, "control.db"),
		files: map[string][]byte{"": nil}}
	path := filepath.Join(dir, "history.db")
	w := open(t, path, ch.c)
	record(t, w, ch.c, begin, begin.Add(parts[0]))
	ch.first = ch.damage(t, path, w, "1")
	w = open(t, path, ch.c)
	record(t, w, ch.c, begin.Add(parts[0]), begin.Add(parts[0]+10*time.Minute))
	ch.files["before"] = ch.backup(t, path)
	record(t, w, ch.c, begin.Add(parts[0]+10*time.Minute), begin.Add(parts[1]))
	if taken != "none" {
		take(t, path, ch.c, ch.first, map[string]int{"part": 3, "all": 1000}[taken])
		ch.files["taken"] = ch.backup(t, path)
	}
	ch.second = ch.damage(t, path, w, "2")
	w = open(t, ch.control, ch.c)
	ch.c.set(begin)
	record(t, w, ch.c, begin, begin.Add(parts[2]))
	must(t, w.Close(t.Context()))
	return ch
}

// damage closes the history and moves it aside, and keeps a backup as it was.
func (ch chain) damage(
	t *testing.T, path string, w *service.Writer, number string,
) (damaged string) {
	t.Helper()
	ch.files["backup "+number] = ch.backup(t, path)
	must(t, w.Close(t.Context()))
	data, err := os.ReadFile(path)
	must(t, err)
	damaged = path + ".damaged-20260301T06000" + number + "Z"
	must(t, os.WriteFile(damaged, firstPage(data), 0o600))
	must(t, os.Remove(path))
	must(t, os.Remove(path+".lock"))
	return damaged
}

func (ch chain) backup(t *testing.T, path string) []byte {
	t.Helper()
	to := filepath.Join(t.TempDir(), "backup.db")
	must(t, filetest.CopyOpen(path, to))
	w, err := service.OpenWriter(t.Context(), service.Config{DBPath: to}, service.Options{
		Logger: testLogger(t), Now: ch.c.now, TrustClock: true, NoMaintenance: true,
	})
	must(t, err)
	must(t, w.Close(t.Context()))
	data, err := os.ReadFile(to)
	must(t, err)
	return data
}

// take takes so many steps of a damaged file.
func take(t *testing.T, path string, c *clock, damaged string, steps int) {
	t.Helper()
	prepared, err := service.PrepareSalvage(t.Context(), damaged, path)
	must(t, err)
	defer func() { must(t, prepared.Close()) }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var left atomic.Int64
	left.Store(math.MaxInt64)
	w := openWatched(t, path, c, func() {
		if left.Add(-1) <= 0 {
			cancel()
		}
	})
	c.set(c.now().Add(time.Minute))
	maintain(t, w)
	left.Store(int64(max(steps, 1)))
	err = w.Salvage(ctx, prepared)
	if ctx.Err() == nil {
		must(t, err)
	}
	must(t, w.Close(t.Context()))
}

// Whatever a history goes on with after it was damaged twice, in whatever order the files are
// taken: nothing counts twice. All rows are there where the newest file is taken first, as a writer
// does.
func TestChain(t *testing.T) {
	for _, taken := range []string{"none", "part", "all"} {
		t.Run(taken, func(t *testing.T) {
			ch := newChain(t, taken)
			for name, data := range ch.files {
				for _, newestFirst := range []bool{true, false} {
					t.Run(map[bool]string{true: "newest first", false: "oldest first"}[newestFirst]+" into "+name,
						func(t *testing.T) {
							ch.into(t, data, newestFirst)
						})
				}
			}
		})
	}
}

func (ch chain) into(t *testing.T, data []byte, newestFirst bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(ch.first)[:len("history.db")])
	damaged := []string{link(t, ch.first, path), link(t, ch.second, path)}
	if data != nil {
		must(t, os.WriteFile(path, data, 0o600))
	}
	c := newClock(begin.Add(parts[1]))
	w := open(t, path, c)
	record(t, w, c, begin.Add(parts[1]), begin.Add(parts[2]))
	order := []int{1, 0}
	if !newestFirst {
		order = []int{0, 1}
	}
	for _, i := range order {
		t.Log(salvage(t, w, damaged[i]))
	}
	c.set(c.now().Add(2 * time.Hour))
	maintain(t, w)
	must(t, w.Close(t.Context()))
	control := filepath.Join(t.TempDir(), "control.db")
	must(t, filetest.CopyOpen(ch.control, control))
	w = open(t, control, c)
	maintain(t, w)
	must(t, w.Close(t.Context()))
	p := pair{c, path, control}
	p.fits(t)
	if newestFirst && data == nil {
		if diff := cmp.Diff(read(t, control), read(t, path)); diff != "" {
			t.Errorf("the history is another one (-was +is):\n%.2000s", diff)
		}
	}
}

// link gives a damaged file a name beside the history at path.
func link(t *testing.T, damaged, path string) string {
	t.Helper()
	to := filepath.Join(filepath.Dir(path), filepath.Base(damaged))
	must(t, os.Link(damaged, to))
	return to
}
