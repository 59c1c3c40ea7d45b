package salvage

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/service"
)

// A history that somebody has open is not removed, whatever has been taken of it: what is recorded
// next would be lost.
func TestRemoveWhatIsInUse(t *testing.T) {
	p := newPair(t)
	into := open(t, filepath.Join(t.TempDir(), "into.db"), p.c)
	w := open(t, p.path, p.c)
	prepared, err := service.PrepareSalvage(t.Context(), p.path, into.Path())
	must(t, err)
	if err := prepared.InUse(); !errors.Is(err, service.ErrBusy) {
		t.Errorf("it is in use, and that is %v, want %v", err, service.ErrBusy)
	}
	p.c.set(p.c.now().Add(time.Minute)) // so that all of it is rolled up
	maintain(t, into)
	must(t, into.Salvage(t.Context(), prepared))
	if err := prepared.Remove(t.Context()); !errors.Is(err, service.ErrBusy) {
		t.Errorf("removed while it is in use: %v, want %v", err, service.ErrBusy)
	}
	must(t, prepared.Close())
	from := p.c.now()
	record(t, w, p.c, from, from.Add(time.Hour))
	must(t, w.Close(t.Context()))
	control := open(t, p.control, p.c)
	record(t, control, p.c, from, from.Add(time.Hour))
	must(t, control.Close(t.Context()))
	p.same(t)
}

// Nor is one into which somebody has recorded since it was read. What is read once more may go.
func TestRemoveWhatHasChanged(t *testing.T) {
	p := newPair(t)
	into := open(t, filepath.Join(t.TempDir(), "into.db"), p.c)
	prepared, err := service.PrepareSalvage(t.Context(), p.path, into.Path())
	must(t, err)
	must(t, prepared.InUse())
	p.c.set(p.c.now().Add(time.Minute)) // so that all of it is rolled up
	maintain(t, into)
	must(t, into.Salvage(t.Context(), prepared))
	w := open(t, p.path, p.c)
	samples, err := samplesOf(w, p.c.now(), p.c.now().Add(time.Minute))
	must(t, err)
	must(t, w.Write(t.Context(), samples...))
	must(t, w.Close(t.Context()))
	if err := prepared.Remove(t.Context()); !errors.Is(err, service.ErrBusy) {
		t.Errorf("removed with what was recorded since: %v, want %v", err, service.ErrBusy)
	}
	must(t, prepared.Close())

	p.c.set(p.c.now().Add(10 * time.Minute))
	maintain(t, into)
	prepared, err = service.PrepareSalvage(t.Context(), p.path, into.Path())
	must(t, err)
	must(t, into.Salvage(t.Context(), prepared))
	must(t, prepared.Remove(t.Context()))
	must(t, prepared.Close())
	if _, err := os.Lstat(p.path); err == nil {
		t.Error("it is still there")
	}
}
