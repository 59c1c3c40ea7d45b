package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Writer records samples in one history file. All writers of a file in one process are holds on the
// same one: they share its queue, its commits and its maintenance, and the file is closed with the
// last of them. It is safe for any number of goroutines.
type Writer struct {
	core   *core
	closed atomic.Bool

	release sync.Once
	last    bool // this was the last hold; set by release
}

// OpenWriter opens the file of the configuration for writing, and makes it and its directory if
// they are not there. Opening writes: the ages that are configured go into the file. If this
// process has the file open already, under whatever spelling of its path, the result is another
// hold on the same writer, and of the configuration only the ages count.
//
// OpenWriter brings a file of an earlier version up to date, while no other program may be writing
// it. Meanwhile that takes room beside the file, two and a half times its size. Whatever goes
// wrong, nothing is lost, and the next OpenWriter begins again or ends it.
//
// It moves a damaged history aside, where Quarantined lists it, and a new file takes its place.
// That is logged and counted, and no error.
//
// It blocks while it opens the file and looks through it, for half a second at most, and while
// another process does so.
//
// Errors: ConfigErrors, ErrName, ErrAggregation, ErrDirectory, ErrNotDatabase, ErrForeign,
// ErrTooNew, ErrOtherName, ErrBusy, ErrDiskFull, those of the file system, and that of ctx;
// ErrDamaged where a damaged file cannot be moved aside: another process has it open for writing,
// this one may not make the lock file or the new one beside it, or somebody has put it there less
// than five seconds ago, and may still be copying it.
func OpenWriter(ctx context.Context, config Config, options Options) (*Writer, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	c, err := writers.acquire(ctx, config, options.withDefaults())
	if err != nil {
		return nil, err
	}
	return &Writer{core: c}, nil
}

// Series returns the handle of a series; labels may be nil. Ask once and keep it: Series checks
// names and sorts labels, and Record never does. It does no I/O.
//
// Names of metrics and labels are by the rules of Prometheus. They and the name of the WAN have 200
// bytes at most, the value of a label 1024, and there are 64 labels at most, of 4096 bytes as JSON;
// texts are valid UTF-8 without control characters.
//
// Errors: ErrName, and ErrTooManySeries beyond Config.MaxSeries.
func (w *Writer) Series(metric, wan string, labels Labels) (*Series, error) {
	return w.core.series(metric, wan, labels)
}

// Record hands samples over to be committed. It never blocks, does no I/O and allocates nothing.
// Status counts what becomes of the samples. One that cannot be stored is refused by itself, and
// when the queue is full, the oldest samples in it are dropped.
func (w *Writer) Record(samples ...Sample) {
	if w.closed.Load() {
		w.core.queue.countLate(len(samples))
		return
	}
	w.core.queue.record(w.core, samples)
}

// Write hands samples over and blocks until they are committed. The commit does not wait for the
// commit interval. Only where readers that never pause have let the WAL grow to its limit, commits
// are held back: for two seconds at first, five with MaxSize, and up to 16 where that was in vain.
//
// A sample that was there already is no error. The error has the samples that were refused, each as
// a *SampleError, the first twenty by name; the others are committed all the same.
//
// Errors: ErrValue, ErrAhead, ErrTooOld, ErrAggregation, ErrTooManySeries, ErrSeries, ErrDropped,
// ErrClosed; ErrBusy, ErrDiskFull, ErrDamaged, ErrOtherName, ErrMountGone and those of the file
// system, when nothing of the commit was stored; and that of ctx. A done ctx ends the wait, not the
// commit.
func (w *Writer) Write(ctx context.Context, samples ...Sample) error {
	if w.closed.Load() {
		return ErrClosed
	}
	waiter := newWaiter(len(samples))
	own := w.own(samples, waiter)
	if err := w.core.queue.submit(ctx, len(own), func(i int) entry {
		s := &own[i]
		return entry{series: s.Series, ts: repo.MicrosOf(s.Time), value: s.Value, waiter: waiter}
	}); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return waiter.wait(ctx)
}

// own returns the samples that have a series of this writer, and refuses the others.
func (w *Writer) own(samples []Sample, waiter *waiter) []Sample {
	foreign := func(s Sample) bool { return s.Series == nil || s.Series.owner != w.core }
	first := slices.IndexFunc(samples, foreign)
	if first < 0 {
		return samples
	}
	own := slices.Clone(samples[:first])
	for _, s := range samples[first:] {
		if !foreign(s) {
			own = append(own, s)
			continue
		}
		w.core.queue.countForeign()
		waiter.fail(&SampleError{Sample: s, Err: ErrSeries})
	}
	return own
}

// Flush blocks until everything that was recorded before it has been committed.
//
// Errors: ErrDropped if the queue has overflowed meanwhile, ErrClosed, the failure of the commit
// (the samples then wait for the next one), and that of ctx.
func (w *Writer) Flush(ctx context.Context) error {
	if w.closed.Load() {
		return ErrClosed
	}
	if err := w.core.flush(ctx); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// Maintain runs one pass of maintenance until nothing is due, beside the commits, and blocks until
// it has ended. When ctx is done the pass ends after the step under way, and the report says what
// was done up to then.
//
// Errors: ErrClosed, ErrBusy, ErrDiskFull, ErrDamaged, those of the file system, and that of ctx.
func (w *Writer) Maintain(ctx context.Context) (Report, error) {
	if w.closed.Load() {
		return Report{}, ErrClosed
	}
	ended := make(chan Report, 1)
	begun := make(chan struct{})
	err := w.core.submit(ctx, func(l *loop) {
		p := newPass(ctx, l, time.Time{})
		p.onBegin = func() { close(begun) }
		p.onEnd = func() { ended <- p.report }
		l.schedule(p)
	})
	if err != nil {
		return Report{MoreDue: true, Err: err}, err
	}
	select {
	case <-begun:
	case <-ctx.Done(): // behind another pass: it ends by itself when its turn comes
		return Report{MoreDue: true, Err: context.Cause(ctx)}, context.Cause(ctx)
	case report := <-ended:
		return report, report.Err
	}
	report := <-ended
	return report, report.Err
}

// do runs f in the goroutine that owns the file, for a hold that is not closed.
func (w *Writer) do(ctx context.Context, f func(context.Context, *loop) error) error {
	if w.closed.Load() {
		return ErrClosed
	}
	return w.core.do(ctx, f)
}

// Status returns what the writer has done since the file was opened, by all of its holds. It does
// no I/O, and the result is the caller's own.
func (w *Writer) Status() WriterStatus {
	status := w.core.stats.snapshot()
	queue := w.core.queue.state()
	status.QueueDepth, status.QueueCapacity = queue.depth, w.core.config.QueueSize
	status.Dropped = Dropped{QueueFull: queue.dropped, Closed: queue.late}
	status.Refused.Series = queue.foreign
	return status
}

// Metrics returns the metrics that the writer knows, in the order of their names: those of the
// function Metrics and those that its users have declared.
func (w *Writer) Metrics() []Metric { return w.core.declared() }

// History opens the writer's file for reading, as OpenHistory does. The caller closes it; it may be
// closed before the writer or after it.
//
// Errors: those of OpenHistory.
func (w *Writer) History(ctx context.Context) (*History, error) {
	return OpenHistory(ctx, w.Path())
}

// Path returns the absolute path of the file.
func (w *Writer) Path() string { return w.core.config.DBPath }

// Close gives the hold up. It commits what was recorded; what is recorded afterwards is dropped and
// counted. The last hold also rolls up what is due, checkpoints and closes the file. A second call
// waits for the same end and returns the same error.
//
// It blocks until that is done or ctx is. The deadline of ctx bounds the roll-up, and a done ctx
// skips it; all else that has begun comes to its end by itself.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged and those of the file system, by which samples may be
// lost, and that of ctx.
func (w *Writer) Close(ctx context.Context) error { return w.close(ctx, true) }

// CloseWithoutRollUp is Close, except that the last hold rolls nothing up. After an import that has
// stopped half-way a roll-up would move the watermarks past the rows that the next run brings, and
// each of them would come late, at five times the cost.
func (w *Writer) CloseWithoutRollUp(ctx context.Context) error { return w.close(ctx, false) }

func (w *Writer) close(ctx context.Context, rollUp bool) error {
	w.release.Do(func() {
		w.closed.Store(true)
		w.last = writers.release(w.core)
	})
	if w.last {
		return w.core.end(ctx, rollUp)
	}
	err := w.core.flush(ctx)
	if errors.Is(err, ErrClosed) {
		// the last hold has been closed since, and commits what was recorded through this one, too
		return w.core.waitEnd(ctx)
	}
	if err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
