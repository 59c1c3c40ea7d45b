package salvage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/repotest"
	"github.com/wanstore/wanstore/service"
)

const (
	fileName    = "history.db"
	damagedName = fileName + ".damaged-20260301T010000Z"
)

// damageAt and endAt lie within an hour, so that both files have a part of some buckets.
var (
	damageAt = begin.Add(70 * time.Minute)
	endAt    = begin.Add(100 * time.Minute)
	// Then what was recorded since the damage is all rolled up, and its raw samples are there
	// still.
	laterAt = begin.Add(2*time.Hour + time.Minute)
)

// world is a damaged file, and all that its undamaged history and what comes afterwards say.
type world struct {
	damaged []byte
	want    []string
}

func newWorld(t *testing.T) world {
	t.Helper()
	path, control := filetest.Path(t), filetest.Path(t)
	c := newClock(begin)
	w := open(t, path, c)
	record(t, w, c, begin, damageAt)
	must(t, w.Close(t.Context()))
	must(t, filetest.CopyOpen(path, control))
	data, err := os.ReadFile(path)
	must(t, err)
	w = open(t, control, c)
	record(t, w, c, damageAt, endAt)
	c.set(laterAt)
	maintain(t, w)
	must(t, w.Close(t.Context()))
	return world{firstPage(data), read(t, control)}
}

// place puts the damaged file into a folder.
func (w world) place(t *testing.T, dir string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, damagedName), w.damaged, 0o600))
}

// salvaging is one run on a disk: a new history is made beside the damaged one, records and takes
// it in. Each step either succeeds or, after a fault, does when it is done again.
type salvaging struct {
	t    *testing.T
	disk *repotest.Disk
	dir  string
	c    *clock
	w    *service.Writer

	failures []error
}

func (w world) begin(t *testing.T) *salvaging {
	t.Helper()
	s := &salvaging{t: t, dir: t.TempDir(), c: newClock(damageAt)}
	w.place(t, s.dir)
	s.disk = repotest.NewDisk(t, s.dir)
	return s
}

func (s *salvaging) path() string { return filepath.Join(s.dir, fileName) }

// again does again what a fault has struck: the fault is over then.
func (s *salvaging) again(do func() error) error {
	err := do()
	if err == nil || s.disk == nil || len(s.disk.Struck()) == 0 {
		return err
	}
	s.failures = append(s.failures, err)
	s.disk.Heal()
	return do()
}

// all is the whole run.
func (s *salvaging) all(ctx context.Context) error {
	steps := []func(context.Context) error{
		s.open, s.record(damageAt, damageAt.Add(20*time.Minute)), s.maintain, s.salvage,
		s.record(damageAt.Add(20*time.Minute), endAt), s.later, s.maintain, s.close,
	}
	for i, step := range steps {
		if err := s.again(func() error { return step(ctx) }); err != nil {
			err = fmt.Errorf("step %d: %w", i, err)
			if s.w != nil {
				err = errors.Join(err, s.w.Close(ctx))
			}
			return err
		}
	}
	return nil
}

func (s *salvaging) open(ctx context.Context) (err error) {
	s.w, err = service.OpenWriter(ctx, service.Config{DBPath: s.path()}, service.Options{
		Logger: testLogger(s.t), Now: s.c.now, TrustClock: true, NoMaintenance: true,
	})
	return err
}

// record records what comes after the damage. What is there already is no error.
func (s *salvaging) record(from, until time.Time) func(context.Context) error {
	return func(ctx context.Context) error {
		s.c.set(until)
		samples, err := samplesOf(s.w, from, until)
		if err != nil {
			return err
		}
		return s.w.Write(ctx, samples...)
	}
}

func (s *salvaging) maintain(ctx context.Context) error {
	_, err := s.w.Maintain(ctx)
	return err
}

func (s *salvaging) later(context.Context) error {
	s.c.set(laterAt)
	return nil
}

func (s *salvaging) salvage(ctx context.Context) error {
	prepared, err := service.PrepareSalvage(ctx, filepath.Join(s.dir, damagedName), s.path())
	if err != nil {
		return err
	}
	err = s.w.Salvage(ctx, prepared)
	if err != nil && s.disk != nil && len(s.disk.Struck()) > 0 &&
		!errors.Is(err, service.ErrSalvageLost) {
		s.failures = append(s.failures, err)
		s.disk.Heal()
		err = s.w.Salvage(ctx, prepared) // it goes on with what was put together
	}
	return errors.Join(err, prepared.Close())
}

func (s *salvaging) close(ctx context.Context) error {
	err := s.w.Close(ctx)
	s.w = nil
	if s.disk != nil && len(s.disk.Struck()) > 0 {
		return nil // what fails then is done by the next process that opens it
	}
	return err
}

// check compares what has become of the history with what an undamaged one says.
func (w world) check(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, fileName)
	must(t, filetest.Check(path))
	if diff := cmp.Diff(w.want, read(t, path)); diff != "" {
		t.Errorf("the history is another one (-was +is):\n%.3000s", diff)
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, entry := range entries {
		suffix, ok := strings.CutPrefix(entry.Name(), fileName)
		switch {
		case ok && (suffix == "" || suffix == "-wal" || suffix == "-shm" || suffix == ".lock"):
		case entry.Name() == damagedName:
		default:
			t.Errorf("there is a file %s", entry.Name())
		}
	}
}

// Wherever a process or the machine ends while it makes a new history, records and salvages: the
// next one goes on, nothing is lost and nothing counts twice.
func TestCrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, crash := range map[string]func(*rand.Rand) repotest.Crash{
		"killed": func(*rand.Rand) repotest.Crash { return repotest.Killed() },
		"torn":   func(r *rand.Rand) repotest.Crash { return repotest.Torn(r.Uint64()) },
		"power":  func(r *rand.Rand) repotest.Crash { return repotest.PowerLost(r.Uint64()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := filetest.Random(t)
			for part := range passes() {
				w.crash(t, random, crash, part)
			}
		})
	}
}

// passes are the runs that share the operations of a soak.
func passes() int {
	if filetest.Soak() {
		return 20
	}
	return 1
}

// sampledOperations is how many operations of a run have their turn.
const sampledOperations = 4

func (w world) crash(
	t *testing.T, random *rand.Rand, crash func(*rand.Rand) repotest.Crash, part int,
) {
	t.Helper()
	total := w.operations(t)
	s := w.begin(t)
	base := t.TempDir()
	var left []string
	s.disk.Watch(func(op repotest.Operation) {
		if filetest.Soak() && op.Number%passes() != part ||
			!filetest.Soak() && random.IntN(total) >= sampledOperations {
			return
		}
		dir := filepath.Join(base, strconv.Itoa(op.Number))
		how := crash(random)
		if err := errors.Join(os.Mkdir(dir, 0o750), s.disk.Leave(dir, how)); err != nil {
			t.Error(err)
			return
		}
		t.Logf("%s, before operation %d of %d, %s", how, op.Number, total, op.Kind)
		left = append(left, dir)
	})
	must(t, s.all(t.Context()))
	w.check(t, s.dir)
	for _, dir := range left {
		w.goOn(t, dir)
		if t.Failed() {
			t.Fatalf("%s is what it has left", dir)
		}
	}
}

func (w world) operations(t *testing.T) int {
	t.Helper()
	s := w.begin(t)
	must(t, s.all(t.Context()))
	return s.disk.Operations()
}

// goOn does all steps again with what a crash has left.
func (w world) goOn(t *testing.T, dir string) {
	t.Helper()
	w.place(t, dir)
	folder := filepath.Join(dir, fileName+".salvage")
	must(t, os.Mkdir(folder, 0o750))
	names, err := filepath.Glob(filepath.Join(dir, "intact*"))
	must(t, err)
	for _, name := range names { // a disk leaves all names in one folder
		must(t, os.Rename(name, filepath.Join(folder, filepath.Base(name))))
	}
	s := &salvaging{t: t, dir: dir, c: newClock(damageAt)}
	must(t, s.all(t.Context()))
	w.check(t, dir)
	must(t, os.RemoveAll(dir))
}

// An operation that fails, or many from there on, costs nothing: what failed works when it is done
// again. A full disk is one.
func TestFailedOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	total := w.operations(t)
	for _, reason := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
		for name, fault := range map[string]func(error) repotest.Fault{"once": repotest.Fail,
			"lasting": repotest.FailOn} {
			t.Run(fmt.Sprintf("%s/%s",
				map[syscall.Errno]string{syscall.EIO: "EIO", syscall.ENOSPC: "ENOSPC"}[reason], name),
				func(t *testing.T) {
					t.Parallel()
					random := filetest.Random(t)
					for part := range sampledOperations {
						w.fail(t, 1+(part*total+random.IntN(total))/sampledOperations, fault(reason), reason)
					}
					for n := 1; filetest.Soak() && n <= total; n++ {
						w.fail(t, n, fault(reason), reason)
					}
				})
		}
	}
}

func (w world) fail(t *testing.T, n int, fault repotest.Fault, reason syscall.Errno) {
	t.Helper()
	s := w.begin(t)
	s.disk.At(n, fault)
	err := s.all(t.Context())
	for _, err := range s.failures {
		t.Log(err)
		// SQLite does not say why anything else failed
		written := s.disk.Struck()[0].Kind == repotest.Write
		if reason == syscall.ENOSPC && written && !errors.Is(err, service.ErrDiskFull) {
			t.Errorf("not said to be a full disk: %v", err)
		}
	}
	if err != nil {
		t.Fatalf("operation %d, %v: %v", n, s.disk.Struck(), err)
	}
	s.disk.Heal()
	s.disk = nil
	must(t, s.all(t.Context())) // what the end has left to do, and all steps again
	w.check(t, s.dir)
	if t.Failed() {
		t.Fatalf("operation %d", n)
	}
}

// Where there is not enough room to put together or to take what is intact, that is tried again,
// and recording goes on in between.
func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	s := w.begin(t)
	ctx := t.Context()
	must(t, s.open(ctx))
	must(t, s.record(damageAt, damageAt.Add(10*time.Minute))(ctx))
	must(t, s.maintain(ctx))
	room := func(bytes int64) {
		var used int64
		must(t, filepath.Walk(s.dir, func(path string, info os.FileInfo, err error) error {
			if err == nil && filepath.Dir(path) == s.dir && info.Mode().IsRegular() {
				used += info.Size()
			}
			return err
		}))
		s.disk.SetCapacity(used + bytes)
	}
	full := 0
	for n := range 10 {
		until := damageAt.Add(time.Duration(11+n) * time.Minute)
		room(int64(n * 5000))
		switch err := s.salvage(ctx); {
		case errors.Is(err, service.ErrDiskFull):
			full++
		default:
			must(t, err)
		}
		room(500_000)
		must(t, s.record(until.Add(-time.Minute), until)(ctx))
	}
	if full == 0 {
		t.Error("there was always room")
	}
	s.disk.SetCapacity(0)
	must(t, s.w.Close(ctx))
	s.disk = nil
	must(t, s.all(ctx))
	w.check(t, s.dir)
}
