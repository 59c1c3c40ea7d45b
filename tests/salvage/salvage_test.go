package salvage

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wanstore/wanstore/service"
)

// firstPage is the damage that makes a history none to SQLite, and takes none of its rows.
func firstPage(data []byte) []byte {
	clear(page(data, 1))
	return data
}

// All rows come back, into their own tiers, and age there like what is recorded.
func TestFirstPageLost(t *testing.T) {
	p := newPair(t)
	damaged := p.damage(t, firstPage)
	w := open(t, p.path, p.c)
	maintain(t, w)
	report := salvage(t, w, damaged)
	must(t, w.Close(t.Context()))
	if report.LostPages != 1 {
		t.Errorf("report: %v", report)
	}
	control := open(t, p.control, p.c)
	maintain(t, control)
	must(t, control.Close(t.Context()))
	p.same(t)
	p.goOn(t)
	p.same(t)
}

// A recorder does it by itself, says how far it is, and has no problem once it is done.
func TestByItself(t *testing.T) {
	p := newPair(t)
	p.damage(t, firstPage)
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		now := func() time.Time { return p.c.now().Add(time.Since(begun)) }
		w, err := service.OpenWriter(t.Context(), service.Config{DBPath: p.path}, service.Options{
			Logger: testLogger(t), Now: now, TrustClock: true,
		})
		must(t, err)
		if problems := w.Health(); len(problems) != 1 || problems[0].Reason != service.FileQuarantined {
			t.Errorf("health: %v", problems)
		}
		for range 20 {
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if problems := w.Health(); len(problems) > 0 {
			t.Errorf("health: %v", problems)
		}
		must(t, w.Close(t.Context()))
	})
	h, err := service.OpenHistory(t.Context(), p.path)
	must(t, err)
	defer func() { must(t, h.Close()) }()
	runs, err := h.Salvages(t.Context())
	must(t, err)
	if len(runs) != 1 || runs[0].Ended.IsZero() || runs[0].Report.Tiers[service.Hour].Taken == 0 {
		t.Errorf("salvages: %v", runs)
	}
}
