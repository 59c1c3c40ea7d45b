package repo_test

import (
	"os"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
)

func TestVacuumGivesBackAllButTheSlack(t *testing.T) {
	path := filetest.Path(t)
	w := open(t, path)
	fillSamples(t, path, 24_000, 10, start, 1)
	setFloor(t, path, repo.Raw, start+1000)
	sweepSamples(t, w)
	// The steps of the rest would take the test a while.
	filetest.Exec(t, path, "DELETE FROM raw_samples")
	checkpoint(t, w)
	size := fileSize(t, path)

	var total int64
	for steps := 1; ; steps++ {
		before := filetest.Int(t, path, "PRAGMA page_count")
		freed, more, err := w.Vacuum(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// A pointer-map page of each hundred comes on top.
		if got := before - filetest.Int(t, path, "PRAGMA page_count"); freed != got || freed > 520 {
			t.Errorf("step %d says %d pages and freed %d, want the same and about 512 at most", steps, freed,
				got)
		}
		total += freed
		if !more {
			break
		}
		if steps == 20 {
			t.Fatal("the vacuum does not end")
		}
	}
	if total <= 520 {
		t.Errorf("%d pages given back: that is no more than one step", total)
	}
	if free := filetest.Int(t, path, "PRAGMA freelist_count"); free != 256 {
		t.Errorf("%d pages are free, want the slack of 256", free)
	}
	checkpoint(t, w)
	if got := fileSize(t, path); got != size-total*512 {
		t.Errorf("the file has %d bytes, had %d and gave %d pages back", got, size, total)
	}
	if freed, more, err := w.Vacuum(t.Context()); freed != 0 || more || err != nil {
		t.Errorf("again: freed %d, more %v, %v", freed, more, err)
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
