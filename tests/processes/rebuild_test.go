package processes

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/schema"
)

// A process is killed again and again while it brings a file of an earlier version up to date,
// beside others that want to open it, too. The history is there at every moment, and the last
// process has it in the new version.
func TestKilledRebuild(t *testing.T) {
	files := 8
	if filetest.Soak() {
		files = 100
	}
	var took time.Duration // of the last that was not killed
	killed := 0
	for range files {
		path := filetest.Path(t)
		statements, _ := filetest.OldHistory(2000)
		filetest.Old{Version: 2, Sums: true, Hot: true}.Make(t, path, statements)
		want := filetest.DumpOld(t, path)
		for kills := rand.IntN(3); kills > 0 && took > 0; kills-- {
			killed += killOpening(t, path, rand.N(took))
			if diff := cmp.Diff(want, filetest.DumpOld(t, path)); diff != "" {
				t.Fatalf("a kill has left another history (-want +got):\n%.1000s", diff)
			}
		}
		took = openTogether(t, path)
		if diff := cmp.Diff(want, filetest.DumpOld(t, path)); diff != "" {
			t.Fatalf("the rebuilt file has another history (-want +got):\n%.1000s", diff)
		}
		if err := filetest.Check(path); err != nil {
			t.Fatal(err)
		}
		if got := filetest.Int(t, path, "PRAGMA user_version"); got != schema.Version {
			t.Errorf("its version is %d", got)
		}
		if names, err := filepath.Glob(path + ".*"); err != nil || len(names) != 1 {
			t.Errorf("beside the file there are %v (%v), want the lock file", names, err)
		}
	}
	t.Logf("%d processes killed; the last opening took %s", killed, took)
}

// killOpening kills a process after a while, and returns 1 if that has not ended before.
func killOpening(t *testing.T, path string, after time.Duration) int {
	t.Helper()
	c := start(t, orders{Path: path, Open: true})
	timer := time.AfterFunc(after, c.kill)
	defer timer.Stop()
	for range c.reports { // until its end
	}
	failure := c.wait()
	if c.command.ProcessState.Exited() {
		if failure != "" {
			t.Fatal(errors.New(failure))
		}
		return 0
	}
	return 1
}

// openTogether lets two processes open the file at once, and returns how long the slower one took
// from its start.
func openTogether(t *testing.T, path string) time.Duration {
	t.Helper()
	begun := time.Now()
	o := orders{Path: path, Open: true}
	children := []*child{start(t, o), start(t, o)}
	for _, c := range children {
		for range c.reports { // until its end
		}
		if failure := c.wait(); failure != "" {
			t.Error(failure)
		}
	}
	return time.Since(begun)
}
