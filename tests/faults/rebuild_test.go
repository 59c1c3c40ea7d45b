package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo"
	"github.com/wanstore/wanstore/repo/repotest"
	"github.com/wanstore/wanstore/schema"
)

// rebuilding is a file of an earlier version.
type rebuilding struct {
	path string
	dump []string
}

// earlierFiles make a file that is rebuilt, of which a part is in the WAL alone, and one that is
// upgraded.
var earlierFiles = map[string]func(t testing.TB, path string){
	"version 2": func(t testing.TB, path string) {
		t.Helper()
		statements, _ := filetest.OldHistory(60)
		filetest.Old{Version: 2, Sums: true, Hot: true}.Make(t, path, statements)
	},
	"version 3": filetest.MakeVersion3,
}

func newRebuilding(t *testing.T, put func(t testing.TB, path string)) *rebuilding {
	t.Helper()
	path := filepath.Join(t.TempDir(), fileName)
	put(t, path)
	r := &rebuilding{path: filepath.Join(t.TempDir(), fileName)}
	if err := filetest.CopyOpen(path, r.path); err != nil {
		t.Fatal(err)
	}
	r.dump = read(t, path)
	return r
}

func read(t *testing.T, path string) []string {
	t.Helper()
	dump := filetest.DumpOld(t, path)
	columns := "SELECT count(*) FROM pragma_table_info('rollups') WHERE name = 'chk'"
	if filetest.Int(t, path, columns) > 0 {
		dump = append(dump, filetest.DumpSketches(t, path)...)
	}
	return dump
}

// onDisk copies the file to a disk.
func (r *rebuilding) onDisk(t *testing.T) (path string, disk *repotest.Disk) {
	t.Helper()
	path = filepath.Join(t.TempDir(), fileName)
	if err := filetest.CopyOpen(r.path, path); err != nil {
		t.Fatal(err)
	}
	return path, repotest.NewDisk(t, filepath.Dir(path))
}

// openAndClose is all that a run does: to open the file rebuilds it.
func openAndClose(t *testing.T, path string) error {
	t.Helper()
	w, err := repo.OpenWriter(t.Context(), path, repo.SynchronousNormal)
	if err != nil {
		return err
	}
	if moved := w.Findings().Quarantine; moved != nil {
		t.Errorf("the file was moved aside: %v", moved.Cause)
	}
	return w.Close()
}

// check wants a whole history of one version or the other, and one of this version when it has been
// opened again.
func (r *rebuilding) check(t *testing.T, path string) {
	t.Helper()
	if diff := cmp.Diff(r.dump, read(t, path)); diff != "" {
		t.Errorf("what is left differs (-want +got):\n%.1000s", diff)
	}
	if err := errors.Join(openAndClose(t, path), filetest.Check(path)); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(r.dump, read(t, path)); diff != "" {
		t.Errorf("the next writer finds another history (-want +got):\n%.1000s", diff)
	}
	if got := filetest.Int(t, path, "PRAGMA user_version"); got != schema.Version {
		t.Errorf("its version is %d", got)
	}
	checkNames(t, filepath.Dir(path))
}

// A crash at any operation of a rebuild leaves a whole history of one version or the other.
func TestCrashOfARebuild(t *testing.T) {
	t.Parallel()
	for version, put := range earlierFiles {
		r := newRebuilding(t, put)
		for name, crash := range crashes {
			t.Run(version+"/"+name, func(t *testing.T) {
				t.Parallel()
				r.crashes(t, crash)
			})
		}
	}
}

func (r *rebuilding) crashes(t *testing.T, kind kindOfCrash) {
	t.Helper()
	random := filetest.Random(t)
	looked := 0
	for pass := range passes {
		looked += r.crash(t, kind, random, func(op repotest.Operation, total int) bool {
			if filetest.Soak() {
				return op.Number%passes == pass
			}
			return random.IntN(total) < sampledRebuilds
		})
		if !filetest.Soak() {
			break
		}
	}
	t.Logf("looked at %d moments", looked)
}

// sampledRebuilds is how many moments of a rebuild are looked at by chance.
const sampledRebuilds = 40

// crash lets a rebuild go on to its end, and looks at what a crash at the moments that are picked
// would leave.
func (r *rebuilding) crash(
	t *testing.T, kind kindOfCrash, random *rand.Rand,
	pick func(op repotest.Operation, total int) bool,
) int {
	t.Helper()
	total := r.operations(t)
	base := t.TempDir()
	var all []left
	path, disk := r.onDisk(t)
	disk.Watch(func(op repotest.Operation) {
		if !pick(op, total) {
			return
		}
		l := left{op: op, crash: kind.crash(random), dir: filepath.Join(base, strconv.Itoa(op.Number))}
		if err := errors.Join(os.Mkdir(l.dir, 0o750), disk.Leave(l.dir, l.crash)); err != nil {
			t.Error(err)
			return
		}
		all = append(all, l)
	})
	if err := openAndClose(t, path); err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		r.check(t, filepath.Join(l.dir, fileName))
		if t.Failed() {
			t.Fatalf("%s, before %s of %d", l.crash, l.op, total)
		}
	}
	return len(all)
}

// operations is how many a rebuild takes.
func (r *rebuilding) operations(t *testing.T) int {
	t.Helper()
	path, disk := r.onDisk(t)
	if err := openAndClose(t, path); err != nil {
		t.Fatal(err)
	}
	r.check(t, path)
	return disk.Operations()
}

// An operation that fails, once or from there on, costs nothing: the file is opened, or is what it
// was, and is opened later.
func TestFailedOperationOfARebuild(t *testing.T) {
	t.Parallel()
	for version, put := range earlierFiles {
		newRebuilding(t, put).failures(t, version)
	}
}

func (r *rebuilding) failures(t *testing.T, version string) {
	t.Helper()
	random := filetest.Random(t)
	total := r.operations(t)
	faults := map[string]func(error) repotest.Fault{"once": repotest.Fail, "lasting": repotest.FailOn}
	for _, reason := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
		for name, fault := range faults {
			for _, n := range pickRebuilds(random, total) {
				what := fmt.Sprintf("%s/%s/%s/%d of %d", version, reasons[reason], name, n, total)
				t.Run(what, func(t *testing.T) {
					t.Parallel()
					r.fail(t, n, fault, reason)
				})
			}
		}
	}
}

// fail lets an operation fail. Of those that find no room, a write alone says so.
func (r *rebuilding) fail(
	t *testing.T, n int, fault func(error) repotest.Fault, reason syscall.Errno,
) {
	t.Helper()
	path, disk := r.onDisk(t)
	disk.At(n, fault(reason))
	err := openAndClose(t, path)
	disk.Heal()
	for _, op := range disk.Struck() {
		t.Logf("failed: %s; error %v", op, err)
		full := reason == syscall.ENOSPC && op.Kind == repotest.Write
		if err != nil && full && !errors.Is(err, repo.ErrDiskFull) {
			t.Errorf("got error %v, want %v", err, repo.ErrDiskFull)
		}
	}
	r.check(t, path)
}

func pickRebuilds(random *rand.Rand, total int) []int {
	if filetest.Soak() {
		return pick(random, total)
	}
	var list []int
	for range sampledRebuilds / 2 {
		list = append(list, 1+random.IntN(total))
	}
	return list
}

// A disk that becomes full costs nothing either.
func TestFullDiskInARebuild(t *testing.T) {
	t.Parallel()
	for version, put := range earlierFiles {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			newRebuilding(t, put).fills(t)
		})
	}
}

// fills makes the disk full at some size.
func (r *rebuilding) fills(t *testing.T) {
	t.Helper()
	full := 0
	for kib := int64(80); kib < 800; kib += 20 {
		path, disk := r.onDisk(t)
		disk.SetCapacity(kib << 10)
		err := openAndClose(t, path)
		if err != nil && !errors.Is(err, repo.ErrDiskFull) {
			t.Errorf("with %d KiB: got error %v, want %v", kib, err, repo.ErrDiskFull)
		}
		if err != nil {
			full++
		}
		disk.SetCapacity(0)
		r.check(t, path)
	}
	if full == 0 {
		t.Error("there was room all the time")
	}
}
