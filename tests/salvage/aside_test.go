package salvage

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/service"
)

// byItself lets a recorder run for some passes, and hands it out before it is closed.
func (p pair) byItself(
	t *testing.T, watchdog func(*service.Writer), passes int, look func(*service.Writer),
) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var opened atomic.Pointer[service.Writer]
		w, err := service.OpenWriter(t.Context(),
			service.Config{DBPath: p.path, KeepRaw: time.Hour, RetentionDays: 1}, service.Options{
				Logger: testLogger(t), TrustClock: true,
				Now: func() time.Time { return p.c.now().Add(time.Since(begun)) },
				Watchdog: func() {
					if w := opened.Load(); watchdog != nil && w != nil {
						watchdog(w)
					}
				},
			})
		must(t, err)
		opened.Store(w)
		for range passes {
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		look(w)
		must(t, w.Close(t.Context()))
		p.c.set(p.c.now().Add(time.Since(begun)))
	})
}

// salvaged fails the test unless the history says that it has taken the damaged file.
func (p pair) salvaged(t *testing.T, damaged string) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), p.path)
	must(t, err)
	defer func() { must(t, h.Close()) }()
	runs, err := h.Salvages(t.Context())
	must(t, err)
	for _, run := range runs {
		if run.Source == filepath.Base(damaged) && !run.Ended.IsZero() && run.Report.Taken() > 0 {
			return
		}
	}
	t.Errorf("%s has not been taken: %v", damaged, runs)
}

// A damaged file that has not been salvaged stays for good.
func TestUnsalvagedStays(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, firstPage)
	other, err := service.PrepareSalvage(t.Context(), damaged, p.path)
	must(t, err)
	for range 3 {
		p.c.set(p.c.now().Add(30 * time.Hour))
		p.byItself(t, nil, 3, func(w *service.Writer) {
			if problems := w.Health(); len(problems) != 1 || problems[0].Reason != service.FileQuarantined {
				t.Errorf("health: %v", problems)
			}
		})
	}
	must(t, other.Close())
	if _, err := os.Stat(damaged); err != nil {
		t.Error(err)
	}
}

// Where the disk damages what was put together as well, the history is not to blame: it stays where
// it is, also the second time, and the rows are put together again.
func TestCopyDamaged(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, firstPage)
	control := open(t, p.control, p.c)
	maintain(t, control)
	must(t, control.Close(t.Context()))
	var damages atomic.Int32
	p.byItself(t, func(w *service.Writer) {
		if s := w.Status().Salvage; damages.Load() == 2 || s.Report.Taken() == 0 {
			return
		}
		intact, err := filepath.Glob(p.path + ".salvage/*.db")
		must(t, err)
		if len(intact) != 1 {
			return
		}
		damages.Add(1)
		info, err := os.Stat(intact[0])
		must(t, err)
		must(t, os.WriteFile(intact[0], make([]byte, info.Size()), 0o600))
	}, 20, func(w *service.Writer) {
		if n := w.Status().Quarantines; n > 0 {
			t.Errorf("%d files were moved aside", n)
		}
	})
	if n := damages.Load(); n != 2 {
		t.Errorf("what was put together was damaged %d times", n)
	}
	p.salvaged(t, damaged)
	p.fits(t)
}

// A link in the place of the folder is not followed.
func TestLinkAsFolder(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, firstPage)
	elsewhere := t.TempDir()
	own := filepath.Join(elsewhere, "own")
	must(t, os.WriteFile(own, []byte("own"), 0o600))
	must(t, os.Symlink(elsewhere, p.path+".salvage"))
	if _, err := service.PrepareSalvage(t.Context(), damaged, p.path); err == nil {
		t.Error("the link was followed")
	}
	if _, err := os.Stat(own); err != nil {
		t.Error(err)
	}
}

// A file that was taken under another name is done under its own, too.
func TestTakenUnderAnotherName(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, firstPage)
	data, err := os.ReadFile(damaged)
	must(t, err)
	other := filepath.Join(t.TempDir(), "other.db")
	must(t, os.WriteFile(other, data, 0o600))
	bring(t, p, other)
	p.byItself(t, nil, 3, func(w *service.Writer) {
		if problems := w.Health(); len(problems) > 0 {
			t.Errorf("health: %v", problems)
		}
	})
	p.fits(t)
}
