package repotest_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/repo/repotest"
)

const name = "history.db"

// disk returns a disk and a writer of a history on it.
func disk(t *testing.T, synchronous repo.Synchronous) (*repotest.Disk, *repo.Writer) {
	t.Helper()
	dir := t.TempDir()
	d := repotest.NewDisk(t, dir)
	w, err := repo.OpenWriter(t.Context(), filepath.Join(dir, name), synchronous)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() }) // it fails where the disk has stopped
	return d, w
}

// add appends a number of samples as one transaction, the first one at the given time.
func add(t *testing.T, w *repo.Writer, first, number int) error {
	t.Helper()
	series := &repo.Series{Key: repo.Key{MetricName: "metric", WANName: "wan", Labels: "{}"},
		Aggregation: repo.Average}
	batch := repo.Batch{Latest: math.MaxInt64}
	for i := range number {
		batch.Samples = append(batch.Samples,
			repo.Sample{Series: series, TS: repo.Micros(first + i), Value: 1.5})
	}
	return w.Append(t.Context(), batch, make([]repo.Outcome, number))
}

// samples counts what a crash has left.
func samples(t *testing.T, dir string) int64 {
	t.Helper()
	return filetest.Int(t, filepath.Join(dir, name), filetest.CountRawSamples)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want checks that an error is of a kind.
func want(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("got error %v, want %v", err, kind)
	}
}

func TestFail(t *testing.T) {
	d, w := disk(t, repo.SynchronousNormal)
	d.Next(repotest.Fail(syscall.ENOSPC))
	want(t, add(t, w, 1, 1), repo.ErrDiskFull)
	must(t, add(t, w, 1, 1))
	d.Next(repotest.FailOn(syscall.EIO))
	for range 3 {
		if err := add(t, w, 2, 1); err == nil {
			t.Error("a transaction succeeds on a disk that fails")
		}
	}
	d.Heal()
	must(t, add(t, w, 2, 1))
	if got := len(d.Struck()); got != 2 {
		t.Errorf("%d operations were struck, want 2", got)
	}
}

func TestCapacity(t *testing.T) {
	d, w := disk(t, repo.SynchronousNormal)
	must(t, add(t, w, 1, 1))
	d.SetCapacity(256 << 10)
	stored := 1
	var err error
	for ; err == nil; stored += 100 {
		err = add(t, w, 1+stored, 100)
	}
	want(t, err, repo.ErrDiskFull)
	d.SetCapacity(1 << 20)
	must(t, add(t, w, 1, 200)) // the first one again
	must(t, w.Close())
	if err := filetest.Check(w.Path()); err != nil {
		t.Error(err)
	}
}

// Under NORMAL the power takes what no checkpoint has synced, under FULL nothing; the end of the
// process alone takes nothing.
func TestPowerLost(t *testing.T) {
	for _, test := range []struct {
		synchronous repo.Synchronous
		crash       func(seed uint64) repotest.Crash
		least       int64
	}{
		{repo.SynchronousNormal, repotest.PowerLost, 1},
		{repo.SynchronousFull, repotest.PowerLost, 2},
		{repo.SynchronousNormal, func(uint64) repotest.Crash { return repotest.Killed() }, 2},
	} {
		d, w := disk(t, test.synchronous)
		must(t, add(t, w, 1, 1))
		must(t, w.Checkpoint(t.Context()))
		must(t, add(t, w, 2, 1))
		seen := map[int64]bool{}
		for seed := range uint64(20) {
			dir := t.TempDir()
			must(t, d.Leave(dir, test.crash(seed)))
			seen[samples(t, dir)] = true
		}
		if !seen[2] || seen[0] || seen[1] != (test.least == 1) {
			t.Errorf("%s: left were %v samples, want 2 and at least %d", test.synchronous, seen, test.least)
		}
	}
}

// A seed means the same every time.
func TestSeed(t *testing.T) {
	d, w := disk(t, repo.SynchronousNormal)
	must(t, add(t, w, 1, 500))
	for seed := range uint64(10) {
		one, other := t.TempDir(), t.TempDir()
		must(t, errors.Join(d.Leave(one, repotest.PowerLost(seed)),
			d.Leave(other, repotest.PowerLost(seed))))
		for _, suffix := range []string{"", "-wal"} {
			first, _ := os.ReadFile(filepath.Join(one, name+suffix))
			second, _ := os.ReadFile(filepath.Join(other, name+suffix))
			if !bytes.Equal(first, second) {
				t.Errorf("seed %d leaves two different files %s", seed, name+suffix)
			}
		}
	}
}

// After a stop nothing reaches the disk any more.
func TestStop(t *testing.T) {
	for _, crash := range []repotest.Crash{repotest.Killed(), repotest.Torn(1),
		repotest.PowerLost(1)} {
		d, w := disk(t, repo.SynchronousFull)
		must(t, add(t, w, 1, 1))
		d.Next(repotest.Stop(crash))
		for range 2 {
			if err := add(t, w, 2, 1); err == nil {
				t.Errorf("%s: a transaction succeeds", crash)
			}
		}
		dir := t.TempDir()
		must(t, d.Save(dir))
		if got := samples(t, dir); got != 1 {
			t.Errorf("%s: left were %d samples, want 1", crash, got)
		}
	}
}

// A write that is torn has its first sectors.
func TestTorn(t *testing.T) {
	d, w := disk(t, repo.SynchronousNormal)
	var torn int
	d.Watch(func(op repotest.Operation) {
		whole, part := t.TempDir(), t.TempDir()
		err := errors.Join(d.Leave(whole, repotest.Killed()), d.Leave(part, repotest.Torn(1)))
		if err != nil {
			t.Error(err)
		}
		base := filepath.Base(op.Path)
		before, _ := os.ReadFile(filepath.Join(whole, base))
		after, _ := os.ReadFile(filepath.Join(part, base))
		if bytes.Equal(before, after) {
			return
		}
		torn++
		if len(after)%512 != 0 || !bytes.Equal(after[op.Offset:], op.Data[:int64(len(after))-op.Offset]) {
			t.Errorf("%s: %d bytes are there, want the beginning up to the end of a sector", op, len(after))
		}
	})
	must(t, add(t, w, 1, 200))
	d.Watch(nil)
	if torn == 0 {
		t.Error("no write was torn")
	}
}

// A writer that hangs goes on when the disk is well again.
func TestHang(t *testing.T) {
	d, w := disk(t, repo.SynchronousNormal)
	synctest.Test(t, func(t *testing.T) {
		d.Next(repotest.Hang())
		result := make(chan error, 1)
		go func() { result <- add(t, w, 1, 1) }()
		synctest.Wait()
		select {
		case err := <-result:
			t.Errorf("the transaction has ended: %v", err)
		default:
		}
		d.Heal()
		must(t, <-result)
	})
}

// Files elsewhere and readers do not notice the disk.
func TestElsewhere(t *testing.T) {
	d, w := disk(t, repo.SynchronousNormal)
	must(t, add(t, w, 1, 3))
	d.Next(repotest.FailOn(syscall.EIO))
	other, err := repo.OpenWriter(t.Context(), filepath.Join(t.TempDir(), name),
		repo.SynchronousNormal)
	must(t, err)
	must(t, errors.Join(add(t, other, 1, 1), other.Close()))
	if got := samples(t, filepath.Dir(w.Path())); got != 3 {
		t.Errorf("a reader sees %d samples, want 3", got)
	}
	d.Heal()
}
