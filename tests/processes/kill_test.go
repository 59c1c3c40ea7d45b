package processes

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// A process is killed again and again while it writes and maintains. What Write has accepted is in the file, once; the
// batch under way is there whole or not at all; and whoever comes next opens the file at once.
func TestKilledProcess(t *testing.T) {
	const rounds = 12
	k := killing{t: t, path: filetest.Path(t), all: truth.New()}
	for round := range rounds {
		k.round(1 + 3*(round%4))
		t.Logf("round %d: %d batches are in, killed in batch %d", round, k.next, k.tried)
		checkAfterKill(t, k.path, k.all)
		if t.Failed() {
			t.FailNow()
		}
	}
	checkFile(t, k.path, k.all, clock(k.next))
}

const (
	enough     = 1 << 20 // batches: a child is killed before
	longestRun = 600     // milliseconds from the first batch of a round
	longOpen   = 3 * time.Second
)

// killing is a file and what has been accepted by those who were killed.
type killing struct {
	t    *testing.T
	path string
	all  *truth.Truth

	next  int // batch that comes next
	tried int // the last batch that was begun
}

// round starts a child and kills it at a random moment.
func (k *killing) round(maintainEvery int) {
	k.t.Helper()
	c := start(k.t, orders{
		Path: k.path, First: k.next, Batches: enough, KeepRaw: 10 * time.Minute, MaintainEvery: maintainEvery,
	})
	k.tried = k.next - 1
	timer := time.AfterFunc(time.Hour, c.kill)
	defer timer.Stop()
	r := &reader{t: k.t, path: k.path}
	defer r.close()
	first := true
	for report := range c.reports {
		switch {
		case report.Opened > longOpen.Microseconds():
			k.t.Errorf("opening took %d us", report.Opened)
		case report.Try > 0:
			k.tried = report.Try - 1
		case report.Ack > 0:
			if first {
				first = false
				timer.Reset(time.Duration(1+rand.IntN(longestRun)) * time.Millisecond)
			}
			k.next = report.Ack
			expect(k.all, 0, k.next-1)
			k.look(r)
		}
	}
	if failure := c.wait(); c.command.ProcessState.Exited() {
		k.t.Fatalf("the child ended by itself: %s", failure)
	}
	if k.tried >= k.next && holds(k.t, k.path, k.tried) {
		expect(k.all, 0, k.tried)
		k.next = k.tried + 1
	}
}

// look reads while the child writes.
func (k *killing) look(r *reader) {
	k.t.Helper()
	if k.next%50 != 0 {
		return
	}
	if n, want := r.total(0), int64(k.all.Samples()); n < want {
		k.t.Errorf("a reader sees %d samples, and %d have been accepted", n, want)
	}
}

// holds says that the file has the newest sample of a batch.
func holds(t *testing.T, path string, batch int) bool {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	raw := service.Raw
	query := service.Query{From: clock(batch), Until: clock(batch).Add(time.Microsecond), Only: &raw}
	for _, err := range h.Range(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		return true
	}
	return false
}

// checkAfterKill looks at the file as the killed process has left it.
func checkAfterKill(t *testing.T, path string, all *truth.Truth) {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	all.CheckRange(t, h, all.CheckTiers(t, h), 5*time.Minute)
	if err := filetest.Check(path); err != nil {
		t.Error(err)
	}
}
