package faults

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/repotest"
)

// A crash at any operation leaves a file that opens, is whole, has every batch that was accepted,
// once, and carries on. Where the power goes under NORMAL, the batches since the last checkpoint
// may be missing, the newest first.
func TestCrash(t *testing.T) {
	t.Parallel()
	path := found(t)
	for _, synchronous := range []string{"NORMAL", "FULL"} {
		for name, crash := range crashes {
			t.Run(synchronous+"/"+name, func(t *testing.T) {
				t.Parallel()
				crashEverywhere(t, start{path, synchronous}, (*run).all, crash)
			})
		}
	}
}

// The same of a file that is only being made.
func TestCrashOfANewFile(t *testing.T) {
	t.Parallel()
	for _, synchronous := range []string{"NORMAL", "FULL"} {
		for name, crash := range crashes {
			t.Run(synchronous+"/"+name, func(t *testing.T) {
				t.Parallel()
				crashEverywhere(t, start{"", synchronous}, (*run).birth, crash)
			})
		}
	}
}

// crashes are the ways to end, each with what has to be there then at the least.
var crashes = map[string]kindOfCrash{
	"killed": {
		crash: func(*rand.Rand) repotest.Crash { return repotest.Killed() },
		least: func(s state) int { return s.acked },
		ends:  true,
	},
	"torn": {
		crash: func(r *rand.Rand) repotest.Crash { return repotest.Torn(r.Uint64()) },
		least: func(s state) int { return s.acked },
	},
	"power": {
		crash: func(r *rand.Rand) repotest.Crash { return repotest.PowerLost(r.Uint64()) },
		least: func(s state) int { return s.durable },
	},
}

type kindOfCrash struct {
	crash func(*rand.Rand) repotest.Crash
	least func(state) int
	ends  bool // every end of a transaction has its turn
}

// sampledCrashes is how many operations of a run are looked at by chance, beside the ends of
// transactions.
const sampledCrashes = 8

// start is how a run begins: with the file at a path, or without one.
type start struct{ path, synchronous string }

// crashEverywhere lets runs go on to their end, keeps what a crash at their operations would leave,
// and looks at that.
func crashEverywhere(
	t *testing.T, start start, what func(*run, context.Context) error, kind kindOfCrash,
) {
	t.Helper()
	random := filetest.Random(t)
	r := begun(t, start.path, start.synchronous)
	if err := what(r, t.Context()); err != nil {
		t.Fatal(err)
	}
	total := r.disk.Operations()
	looked := 0
	for pass := range passes {
		var ends commits
		looked += crashAt(t, begun(t, start.path, start.synchronous), what, kind, random,
			func(op repotest.Operation) bool {
				end := ends.before(op)
				if filetest.Soak() {
					return op.Number%passes == pass
				}
				// What was synced makes no difference to a kill: one of the two is enough.
				return end && kind.ends && start.synchronous == "NORMAL" || random.IntN(total) < sampledCrashes
			})
		if !filetest.Soak() {
			break
		}
	}
	t.Logf("looked at %d of %d operations", looked, total)
}

// passes are the runs that share the operations of a soak, so that there is room for what each of
// them leaves.
const passes = 10

// left is what a crash has left.
type left struct {
	op    repotest.Operation
	crash repotest.Crash
	state state
	dir   string
}

// crashAt lets a run go on to its end and looks at what a crash would leave before each of the
// operations that are picked. It returns how many they were.
func crashAt(
	t *testing.T, r *run, what func(*run, context.Context) error, kind kindOfCrash, random *rand.Rand,
	pick func(repotest.Operation) bool,
) int {
	t.Helper()
	var all []left
	base := t.TempDir()
	r.disk.Watch(func(op repotest.Operation) {
		if !pick(op) {
			return
		}
		l := left{op: op, crash: kind.crash(random), state: r.state(),
			dir: filepath.Join(base, strconv.Itoa(op.Number))}
		if err := errors.Join(os.Mkdir(l.dir, 0o750), r.disk.Leave(l.dir, l.crash)); err != nil {
			t.Error(err)
			return
		}
		all = append(all, l)
	})
	if err := what(r, t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		r.checkLeft(t, l, kind.least(l.state))
		if t.Failed() {
			t.Fatalf("%s, before %s, with %d of %d batches accepted", l.crash, l.op, l.state.acked,
				l.state.tried)
		}
		if err := os.RemoveAll(l.dir); err != nil { // they would be many
			t.Error(err)
		}
	}
	return len(all)
}

// commits finds the ends of transactions: the header of a frame in the WAL has the size of the
// database where the frame is the last one of its transaction, and its page comes with the next
// write (https://sqlite.org/fileformat.html#walformat).
type commits struct{ left int }

// before says that an operation is the first one after a transaction, or is for one of those few
// before there is a WAL.
func (c *commits) before(op repotest.Operation) bool {
	const frameHeader = 24
	if c.left > 0 {
		c.left--
		return c.left == 0
	}
	if strings.HasSuffix(op.Path, "-journal") {
		return true
	}
	if strings.HasSuffix(op.Path, "-wal") && len(op.Data) == frameHeader &&
		string(op.Data[4:8]) != "\x00\x00\x00\x00" {
		c.left = 2
	}
	return false
}
