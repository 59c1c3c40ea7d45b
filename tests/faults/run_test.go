package faults

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/wanstore/wanstore/repo/repotest"
	"github.com/wanstore/wanstore/service"
	"github.com/wanstore/wanstore/tests/internal/truth"
)

// fileName is how the history is called on every disk.
const fileName = "history.db"

// run is one recording on a disk. Each step either succeeds or, after a fault, does when it is done
// again.
type run struct {
	disk *repotest.Disk
	path string
	sync string // synchronous
	old  []sample
	w    *service.Writer
	step func() error // after each step, if it is not nil

	reports []service.Report // of all passes

	mu      sync.Mutex
	now     time.Time
	batches [][]sample // all that were begun
	acked   int        // how many of them were accepted
	durable int        // how many of them had been when a checkpoint ended
	truths  map[string]*truth.Truth
}

// state is what a run has come to.
type state struct {
	now                   time.Time
	tried, acked, durable int
}

func (r *run) state() state {
	r.mu.Lock()
	defer r.mu.Unlock()
	return state{r.now, len(r.batches), r.acked, r.durable}
}

func (r *run) clock() time.Time { return r.state().now }

func (r *run) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// truth returns what is true after so many batches.
func (r *run) truth(batches int) *truth.Truth { return r.truthWith(batches, 0, time.Time{}) }

// truthWith is truth with one more batch, unless its number is 0.
func (r *run) truthWith(batches, more int, now time.Time) *truth.Truth {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := fmt.Sprint(batches, more, now)
	if known, ok := r.truths[key]; ok {
		return known
	}
	lists := append([][]sample{r.old}, r.batches[:batches]...)
	if more > 0 {
		lists = append(lists, batch(more, now))
	}
	r.truths[key] = truthOf(lists...)
	return r.truths[key]
}

// begun is a run on a copy of the file that all of them find, or, where that is empty, without a
// file.
func begun(t *testing.T, found, synchronous string) *run {
	t.Helper()
	dir := t.TempDir()
	r := &run{path: filepath.Join(dir, fileName), sync: synchronous, now: begin,
		truths: map[string]*truth.Truth{}}
	if found != "" {
		r.old = earlier()
		copyFile(t, found, r.path)
	}
	r.disk = repotest.NewDisk(t, dir)
	return r
}

// all is the whole recording.
func (r *run) all(ctx context.Context) error {
	steps := []func(context.Context) error{
		r.open, r.write, r.record, r.maintain, r.record,
		r.later(4 * time.Minute), r.write, r.maintain, r.write, // beyond the next watermarks
		r.later(7 * time.Minute), r.record, r.maintain, // raw samples go, and pages with them
		r.reopen, r.write,
		r.later(55 * time.Minute), r.write, r.maintain, // buckets of every tier
		// everything, and what has not been rolled up expires
		r.later(26 * time.Hour), r.record, r.maintain,
		r.write, r.close,
	}
	return r.do(ctx, steps)
}

// birth is the beginning of a file.
func (r *run) birth(ctx context.Context) error {
	return r.do(ctx,
		[]func(context.Context) error{r.open, r.write, r.record, r.reopen, r.write, r.close})
}

func (r *run) do(ctx context.Context, steps []func(context.Context) error) error {
	for i, step := range steps {
		if err := step(ctx); err != nil {
			err = fmt.Errorf("step %d: %w", i, err)
			if r.w != nil {
				err = errors.Join(err, r.w.Close(ctx))
			}
			return err
		}
		if r.step == nil {
			continue
		}
		if err := r.step(); err != nil {
			return fmt.Errorf("after step %d: %w", i, err)
		}
	}
	return nil
}

// again does again what a fault has struck: the fault is over then.
func (r *run) again(do func() error) error {
	err := do()
	if err == nil || len(r.disk.Struck()) == 0 {
		return err
	}
	r.disk.Heal()
	if second := do(); second != nil {
		return fmt.Errorf("%w, after %w", second, err)
	}
	return nil
}

func (r *run) open(ctx context.Context) error {
	return r.again(func() (err error) {
		r.w, err = service.OpenWriter(ctx, config(r.path, r.sync), options(r.clock))
		return err
	})
}

func config(path, synchronous string) service.Config {
	return service.Config{
		DBPath: path, Synchronous: synchronous,
		RetentionDays: days, KeepRaw: keepRaw, Keep1m: keep1m, Keep5m: keep5m,
		CommitInterval: time.Millisecond,
	}
}

func options(now func() time.Time) service.Options {
	return service.Options{Logger: slog.New(slog.DiscardHandler), Now: now, TrustClock: true,
		NoMaintenance: true}
}

// next returns the samples of the batch that comes next, some seconds after the one before.
func (r *run) next() ([]service.Sample, error) {
	r.advance(5 * time.Second)
	r.mu.Lock()
	list := batch(len(r.batches)+1, r.now)
	r.batches = append(r.batches, list)
	r.mu.Unlock()
	return samples(r.w, list)
}

func samples(w *service.Writer, list []sample) ([]service.Sample, error) {
	made := make([]service.Sample, len(list))
	for i, s := range list {
		series, err := w.Series(s.metric, s.wan, nil)
		if err != nil {
			return nil, err
		}
		made[i] = service.Sample{Series: series, Time: s.at, Value: s.value}
	}
	return made, nil
}

// ack counts the batch as accepted: from now on it may not be lost.
func (r *run) ack() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.acked = len(r.batches)
	if r.sync == "FULL" {
		r.durable = r.acked
	}
}

// write records a batch by Write.
func (r *run) write(ctx context.Context) error {
	list, err := r.next()
	if err == nil {
		err = r.again(func() error { return r.w.Write(ctx, list...) })
	}
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	r.ack()
	return nil
}

// record records a batch by Record.
func (r *run) record(ctx context.Context) error {
	list, err := r.next()
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	r.w.Record(list...)
	if err := r.again(func() error { return r.w.Flush(ctx) }); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	r.ack()
	return nil
}

// maintain does a pass, which ends with a checkpoint.
func (r *run) maintain(ctx context.Context) error {
	err := r.again(func() error {
		report, err := r.w.Maintain(ctx)
		r.reports = append(r.reports, report)
		return err
	})
	if err != nil {
		return fmt.Errorf("maintain: %w", err)
	}
	r.checkpointed()
	return nil
}

func (r *run) checkpointed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.durable = r.acked
}

// later lets time pass.
func (r *run) later(d time.Duration) func(context.Context) error {
	return func(context.Context) error {
		r.advance(d)
		return nil
	}
}

// close closes the file. What fails then is rolled up or checkpointed by the next process that
// opens it.
func (r *run) close(ctx context.Context) error {
	err := r.w.Close(ctx)
	r.w = nil
	if err != nil && len(r.disk.Struck()) == 0 {
		return fmt.Errorf("close: %w", err)
	}
	if err == nil {
		r.checkpointed()
	}
	r.disk.Heal()
	return nil
}

func (r *run) reopen(ctx context.Context) error {
	if err := r.close(ctx); err != nil {
		return err
	}
	return r.open(ctx)
}
