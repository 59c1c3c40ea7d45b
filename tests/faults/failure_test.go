package faults

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/wanstore/wanstore/internal/filetest"
	"github.com/wanstore/wanstore/repo/repotest"
	"github.com/wanstore/wanstore/service"
)

// An operation that fails, or many from there on until the disk is well again, costs nothing: the
// same writer goes on, and all that was accepted is there, once. A reader who looks all the time
// never sees anything else.
func TestFailedOperation(t *testing.T) {
	t.Parallel()
	path := found(t)
	for _, synchronous := range []string{"NORMAL", "FULL"} {
		for _, reason := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
			for name, fault := range map[string]func(error) repotest.Fault{"once": repotest.Fail,
				"lasting": repotest.FailOn} {
				// A reader keeps the WAL from restarting and from going away, so both have their
				// turn.
				for _, watched := range []bool{false, true} {
					if !filetest.Soak() && watched != (reason == syscall.EIO) {
						continue // half of them are enough for a sample
					}
					title := fmt.Sprintf("%s/%s/%s/watched=%t", synchronous, reasons[reason], name, watched)
					t.Run(title, func(t *testing.T) {
						t.Parallel()
						failEverywhere(t, path, synchronous, fault(reason), watched)
					})
				}
			}
		}
	}
}

var reasons = map[syscall.Errno]string{syscall.EIO: "EIO", syscall.ENOSPC: "ENOSPC"}

// sampledFailures is how many operations fail, each in a run of its own.
const sampledFailures = 2

func failEverywhere(t *testing.T, path, synchronous string, fault repotest.Fault, watched bool) {
	t.Helper()
	random := filetest.Random(t)
	r := begun(t, path, synchronous)
	if err := r.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	total := r.disk.Operations()
	for _, n := range pick(random, total) {
		t.Run(fmt.Sprintf("operation %d of %d", n, total), func(t *testing.T) {
			r := begun(t, path, synchronous)
			r.disk.At(n, fault)
			if watched {
				r.step = r.look(t)
			}
			err := r.all(t.Context())
			for _, op := range r.disk.Struck() {
				t.Logf("failed: %s", op)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := r.checkHistory(t, r.path, r.state()); got != r.acked {
				t.Errorf("%d batches are there, want %d", got, r.acked)
			}
			if err := filetest.Check(r.path); err != nil {
				t.Error(err)
			}
			checkNames(t, filepath.Dir(r.path))
		})
	}
}

// pick returns the numbers of the operations that have their turn: one of each part of the run.
func pick(random *rand.Rand, total int) []int {
	var list []int
	if filetest.Soak() {
		for n := range total {
			list = append(list, n+1)
		}
		return list
	}
	for part := range sampledFailures {
		first, end := part*total/sampledFailures, (part+1)*total/sampledFailures
		list = append(list, 1+first+random.IntN(end-first))
	}
	return list
}

// look returns a step that compares what a reader sees that has the file open from before the run
// with what has been accepted.
func (r *run) look(t *testing.T) func() error {
	t.Helper()
	h, err := service.OpenHistory(t.Context(), r.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	steps := 0
	return func() error {
		s := r.state()
		steps++
		if got := newest(t, h); got != s.acked {
			return fmt.Errorf("a reader sees %d batches, want %d", got, s.acked)
		}
		if steps%4 == 0 {
			compare(t, h, r.path, r.truth(s.acked), s.now)
		}
		return nil
	}
}

// A reader who looks in the middle of a transaction, of a checkpoint or of anything else sees all
// batches that were accepted, and the one under way whole or not at all.
func TestReaderInBetween(t *testing.T) {
	t.Parallel()
	random := filetest.Random(t)
	r := begun(t, found(t), "NORMAL")
	h, err := service.OpenHistory(t.Context(), r.path)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	looks, done, ended := make(chan repotest.Operation), make(chan struct{}), make(chan error)
	r.disk.Watch(func(op repotest.Operation) {
		if filetest.Soak() || random.IntN(20) == 0 {
			looks <- op
			<-done
		}
	})
	go func() { ended <- r.all(t.Context()) }()
	for looked := 0; ; looked++ {
		select {
		case op := <-looks:
			r.lookInBetween(t, h, op)
			done <- struct{}{}
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			t.Logf("looked at %d of %d operations", looked, r.disk.Operations())
			return
		}
	}
}

func (r *run) lookInBetween(t *testing.T, h *service.History, op repotest.Operation) {
	t.Helper()
	s := r.state()
	points, err := h.Latest(t.Context(), service.Filter{Metrics: []string{markers}})
	if err != nil {
		t.Errorf("before %s: %v", op, err)
		return
	}
	batches := 0
	if len(points) > 0 {
		batches = int(points[0].Value)
	}
	if !slices.Contains([]int{s.acked, s.tried}, batches) {
		t.Errorf("before %s: a reader sees %d batches, and %d of %d have been accepted", op, batches,
			s.acked, s.tried)
		return
	}
	compare(t, h, r.path, r.truth(batches), s.now)
}
