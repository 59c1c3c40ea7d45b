package processes

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

const (
	enough   = 1 << 20 // batches: a child is killed before
	longOpen = 5 * time.Second

	shortRun = 25 * time.Second // after which no further process is killed
	longRun  = time.Hour
)

// stage is what a child is doing when it is killed.
type stage struct {
	name    string
	batches int               // that the child writes, enough if it is 0
	begins  func(report) bool // nil for the beginning of the process
	within  time.Duration     // the kill comes at a random moment of this
	ends    bool              // the child may have ended by then
}

// stages are all that a writer does. The moments are short enough for a kill to come while it does
// that.
func stages() []stage {
	return []stage{
		{name: "while it opens", within: 120 * time.Millisecond},
		{name: "while it writes", begins: func(r report) bool { return r.Ack > 0 },
			within: 300 * time.Millisecond},
		{name: "while it maintains", begins: func(r report) bool { return r.Maintaining },
			within: 20 * time.Millisecond},
		{name: "while it closes", begins: func(r report) bool { return r.Closing },
			within: 30 * time.Millisecond, batches: 40, ends: true},
	}
}

// A process is killed again and again while it opens the file, writes, maintains and closes. What
// Write has accepted is in the file, once; the batch under way is there whole or not at all; and
// the next process opens the file at once.
func TestKilledProcess(t *testing.T) {
	files, rounds, budget := 3, 12, shortRun
	if filetest.Soak() {
		files, budget = 50, longRun
	}
	begun := time.Now()
	var longest time.Duration
	killed := 0
	for file := range files {
		k := killing{t: t, path: filetest.Path(t), all: truth.New()}
		for round := range rounds {
			if time.Since(begun) > budget { // the disk is slow, or shared
				break
			}
			k.round(stages()[(round+file)%len(stages())], []string{"NORMAL", "FULL"}[round/4%2])
			checkAfterKill(t, k.path, k.all)
			if t.Failed() {
				t.Fatalf("file %d, round %d: killed in batch %d, %d are in", file, round, k.tried, k.next)
			}
		}
		if k.next > 0 {
			checkFile(t, k.path, k.all, clock(k.next))
		}
		longest, killed = max(longest, k.longest), killed+k.killed
	}
	t.Logf("%d processes killed; the longest opening of a file took %s", killed, longest)
}

// killing is a file and what has been accepted by those who were killed.
type killing struct {
	t    *testing.T
	path string
	all  *truth.Truth

	next    int // batch that comes next
	tried   int // the last batch that was begun
	killed  int
	longest time.Duration // to open the file
}

// round starts a child and kills it at a random moment of a stage.
func (k *killing) round(s stage, synchronous string) {
	k.t.Helper()
	batches := enough
	if s.batches > 0 {
		batches = 1 + rand.IntN(s.batches)
	}
	c := start(k.t, orders{
		Path: k.path, First: k.next, Batches: batches, KeepRaw: 10 * time.Minute, MaintainEvery: 1 +
			3*rand.IntN(4),
		Synchronous: synchronous,
	})
	k.tried = k.next - 1
	timer := time.AfterFunc(time.Hour, c.kill)
	defer timer.Stop()
	if s.begins == nil {
		timer.Reset(rand.N(s.within))
	}
	r := &reader{t: k.t, path: k.path}
	skip, begun := rand.IntN(5), s.begins == nil
	for report := range c.reports {
		k.take(report, r)
		if begun || !s.begins(report) {
			continue
		}
		if skip--; skip < 0 || s.ends {
			begun = true
			timer.Reset(rand.N(s.within))
		}
	}
	failure := c.wait()
	// A commit that the kill has left in the WAL, but not in its index, comes to light with the
	// next index: not before nobody has this one open.
	r.close()
	if !c.command.ProcessState.Exited() {
		k.killed++
	} else if !s.ends || failure != "" {
		k.t.Fatalf("the child ended by itself, to be killed %s: %s", s.name, failure)
	}
	if k.tried >= k.next && holds(k.t, k.path, 0, k.tried) {
		expect(k.all, plan(0, k.tried))
		k.next = k.tried + 1
	}
}

// take notes what a child reports.
func (k *killing) take(report report, r *reader) {
	k.t.Helper()
	switch {
	case report.Opened > 0:
		took := time.Duration(report.Opened) * time.Microsecond
		k.longest = max(k.longest, took)
		if took > longOpen {
			k.t.Errorf("opening took %s", took)
		}
	case report.Try > 0:
		k.tried = report.Try - 1
	case report.Ack > 0:
		k.next = report.Ack
		expect(k.all, plan(0, k.next-1))
		k.look(r)
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

// openKilled opens the history that a killed process has left, nil if it had not come to make one.
func openKilled(t *testing.T, path string) *service.History {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), path)
	if errors.Is(err, service.ErrMissing) || errors.Is(err, service.ErrEmpty) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// holds says that the file has the newest sample of a batch of a child: another one may have stored
// its own of that moment.
func holds(t *testing.T, path string, child, batch int) bool {
	t.Helper()
	h := openKilled(t, path)
	if h == nil {
		return false
	}
	defer h.Close()
	raw := service.Raw
	query := service.Query{
		Filter: service.Filter{WAN: fmt.Sprintf("own-%d", child)},
		From:   clock(batch), Until: clock(batch).Add(time.Microsecond), Only: &raw,
	}
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
	h := openKilled(t, path)
	if h == nil {
		if all.Samples() > 0 {
			t.Errorf("the file is gone or empty, and %d samples have been accepted", all.Samples())
		}
		return
	}
	defer h.Close()
	all.CheckRange(t, h, all.CheckTiers(t, h), 5*time.Minute)
	if err := filetest.Check(path); err != nil {
		t.Error(err)
	}
}

// A process is killed while it makes backups. Under their name is nothing then, or a whole history;
// and what it has left of one that was not complete, a later backup removes.
func TestKilledBackup(t *testing.T) {
	rounds := 6
	if filetest.Soak() {
		rounds = 200
	}
	path := filetest.Path(t)
	all := record(t, path)
	directory := t.TempDir()
	dest := filepath.Join(directory, "backup.db")
	left := 0
	for range rounds {
		killBackup(t, path, dest)
		h := openKilled(t, dest)
		if h != nil {
			all.CheckTiers(t, h)
			if err := errors.Join(h.Close(), removeHistory(dest)); err != nil {
				t.Fatal(err)
			}
		}
		files, err := os.ReadDir(directory)
		if err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-2 * time.Hour)
		for _, file := range files {
			left++
			if err := os.Chtimes(filepath.Join(directory, file.Name()), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d backups killed, %d incomplete ones left", rounds, left)
	h := openKilled(t, path)
	defer h.Close()
	if _, err := h.Backup(t.Context(), dest); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(directory); err != nil || len(files) != 1 {
		t.Errorf("beside the backup are %v, %v", files, err)
	}
}

// record makes a history of a few hundred kilobytes.
func record(t *testing.T, path string) *truth.Truth {
	t.Helper()
	const batches = 150
	all := truth.New()
	c := start(t, orders{Path: path, Batches: batches, KeepRaw: time.Hour, MaintainEvery: batches})
	for r := range c.reports {
		if r.Ack > 0 {
			expect(all, plan(0, r.Ack-1))
		}
	}
	if failure := c.wait(); failure != "" {
		t.Fatal(failure)
	}
	return all
}

// killBackup kills a process at a random moment of one of the backups that it makes.
func killBackup(t *testing.T, path, dest string) {
	t.Helper()
	c := start(t, orders{Path: path, BackUpTo: dest})
	timer := time.AfterFunc(time.Hour, c.kill)
	defer timer.Stop()
	first := true
	for range c.reports {
		if first {
			first = false
			timer.Reset(rand.N(100 * time.Millisecond))
		}
	}
	if failure := c.wait(); c.command.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %s", failure)
	}
}

// removeHistory removes a file and what SQLite has put beside it.
func removeHistory(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
