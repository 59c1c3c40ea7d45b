package salvage

import (
	"context"
	"errors"
	"fmt"
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

// An older backup has taken the place of the damaged file: what it has is not counted twice, and
// what it lacks comes back.
func TestIntoARestoredBackup(t *testing.T) {
	p, older := newKilledPair(t, false)
	damaged := p.damage(t, firstPage)
	must(t, os.WriteFile(p.path, older, 0o600))
	bring(t, p, damaged)
	p.same(t)
	p.goOn(t)
	p.same(t)
}

// A sound file can be taken in, too, and one that was taken in is not taken again under another
// name.
func TestTwice(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, func(data []byte) []byte { return data })
	bring(t, p, damaged)
	p.same(t)
	again := filepath.Join(t.TempDir(), "copy.db")
	data, err := os.ReadFile(damaged)
	must(t, err)
	must(t, os.WriteFile(again, data, 0o600))
	for _, file := range []string{damaged, again} {
		w := open(t, p.path, p.c)
		salvage(t, w, file)
		must(t, w.Close(t.Context()))
		p.same(t)
	}
}

// A history that takes rows from elsewhere, and has some of the same time, keeps its own buckets.
func TestIntoAnotherHistory(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, firstPage)
	other := filepath.Join(t.TempDir(), "other.db")
	c := newClock(begin)
	w := open(t, other, c)
	record(t, w, c, begin.Add(2*time.Hour), begin.Add(3*time.Hour))
	c.set(p.c.now())
	maintain(t, w)
	salvage(t, w, damaged)
	must(t, w.Close(t.Context()))
	control := open(t, p.control, p.c)
	maintain(t, control)
	must(t, control.Close(t.Context()))
	if diff := cmp.Diff(read(t, p.control), read(t, other)); diff != "" {
		t.Errorf("the history is another one (-damaged +is):\n%s", diff)
	}
}

// A history that is made for the rows, or has just begun, shows them at once. It has let go of
// nothing yet, and its clock is not believed: what it has of a tier does not stand for what the
// damaged file had let go of.
func TestIntoAHistoryThatHasJustBegun(t *testing.T) {
	for _, own := range []time.Duration{0, 10 * time.Minute} {
		t.Run(own.String(), func(t *testing.T) {
			p := newPair(t)
			damaged := p.damage(t, firstPage)
			path := filepath.Join(t.TempDir(), "new.db")
			for _, into := range []string{path, p.control} {
				w := open(t, into, p.c)
				from := p.c.now().Add(time.Hour).Truncate(time.Hour)
				samples, err := samplesOf(w, from, from.Add(own))
				must(t, err)
				p.c.set(from.Add(time.Hour))
				must(t, w.Write(t.Context(), samples...))
				must(t, w.Close(t.Context()))
				p.c.set(from.Add(-time.Hour))
			}
			p.c.set(p.c.now().Add(2 * time.Hour))
			w, err := service.OpenWriter(t.Context(), service.Config{DBPath: path}, service.Options{
				Logger: testLogger(t), Now: p.c.now, NoMaintenance: true,
			})
			must(t, err)
			maintain(t, w)
			salvage(t, w, damaged)
			maintain(t, w)
			must(t, w.Close(t.Context()))
			if diff := cmp.Diff(counts(t, p.control), counts(t, path)); diff != "" {
				t.Errorf("samples (-damaged +is):\n%s", diff)
			}
		})
	}
}

// counts returns how many samples a history has of each series.
func counts(t *testing.T, path string) map[string]int64 {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	must(t, err)
	defer func() { must(t, h.Close()) }()
	list, err := h.Summarize(t.Context(),
		service.Query{From: begin, Until: begin.Add(10_000 * time.Hour)})
	must(t, err)
	found := map[string]int64{}
	for _, s := range list {
		found[s.Metric+" "+s.WAN] = s.Count
	}
	return found
}

// An interrupted salvage goes on where it was, in the same process or in another one.
func TestInterrupted(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, firstPage)
	tries := 0
	for done := false; !done; tries++ {
		ctx, cancel := context.WithCancel(t.Context())
		var left atomic.Int64 // steps until it is interrupted
		left.Store(math.MaxInt64)
		w := openWatched(t, p.path, p.c, func() {
			if left.Add(-1) <= 0 {
				cancel()
			}
		})
		maintain(t, w)
		prepared, err := service.PrepareSalvage(t.Context(), damaged, p.path)
		must(t, err)
		left.Store(int64(tries%3 + 1))
		err = w.Salvage(ctx, prepared)
		if done = err == nil; !done && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		must(t, prepared.Close())
		must(t, w.Close(t.Context()))
	}
	if tries < 3 {
		t.Errorf("it was interrupted %d times", tries-1)
	}
	control := open(t, p.control, p.c)
	maintain(t, control)
	must(t, control.Close(t.Context()))
	p.same(t)
}

// Files of earlier versions have no check values. Those whose pages have right checksums, or make
// sense, are rebuilt from what the pages have.
func TestEarlierVersions(t *testing.T) {
	for _, old := range []filetest.Old{
		{Version: 1, Sums: true}, {Version: 2, Sums: true}, {Version: 2},
		{Version: 2, Sums: true, Hot: true},
	} {
		t.Run(fmt.Sprintf("%+v", old), func(t *testing.T) {
			p := pair{newClock(time.Unix(1_800_003_660, 0)), filetest.Path(t), filetest.Path(t)}
			statements, _ := filetest.OldHistory(500)
			old.Make(t, p.path, statements)
			must(t, filetest.CopyOpen(p.path, p.control))
			damaged := p.damage(t, firstPage)
			bring(t, p, damaged)
			p.same(t)
		})
	}
}
