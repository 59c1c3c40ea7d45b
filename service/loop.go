package service

import (
	"context"
	"errors"
	"time"

	"github.com/wanstore/wanstore/repo"
)

const (
	// maxBatch is the most samples of one commit: about 25 ms of work.
	maxBatch = 10_000

	// stepPause lies between two steps of maintenance: time for other processes to take the write
	// lock.
	stepPause = time.Millisecond
)

// loop is the goroutine that owns the file. It commits, and between two commits it runs jobs and
// steps of maintenance.
type loop struct {
	*core
	store *repo.Writer

	commitTimer *time.Timer // runs while samples wait
	armed       bool        // whether it does
	failing     bool        // the last commit failed: the next one waits for the timer
	overflowing bool        // samples have been dropped since the last quiet commit
	dropped     int64       // how many had been at the last commit

	maintenance *time.Timer // until the next pass
	pause       *time.Timer // runs between two steps
	hold        walHold
	trimming    trimming
	passes      []*pass // the first one is being run
	clock       clockGuard
	walk        walk
	mending     mending
	salvaging   salvaging

	entries  []entry
	samples  []repo.Sample
	outcomes []repo.Outcome
}

// newLoop makes a loop that is to be prepared, and then to begin and run.
func newLoop(c *core, store *repo.Writer) *loop {
	limit := c.config.batchLimit()
	return &loop{
		core:     c,
		store:    store,
		entries:  make([]entry, 0, limit),
		samples:  make([]repo.Sample, 0, limit),
		outcomes: make([]repo.Outcome, limit),
	}
}

// run is the life of the goroutine.
func (l *loop) run() {
	for l.turn() {
		continue // each turn does one thing
	}
	l.commitTimer.Stop()
	l.maintenance.Stop()
	l.pause.Stop()
	l.endErr = l.finish()
	writers.remove(l.core)
	close(l.ended)
}

// begin sets the times of what is to come.
func (l *loop) begin() {
	l.commitTimer = time.NewTimer(0)
	l.commitTimer.Stop()
	l.pause = time.NewTimer(0)
	l.maintenance = time.NewTimer(untilPass(l.options.Now(), l.config.MaintenanceInterval,
		l.config.Grace))
	if l.options.NoMaintenance {
		l.maintenance.Stop()
		return
	}
	l.schedule(newOwnPass(l, time.Now().Add(l.config.StartupBudget)))
}

// turn waits for something to do and does it. It returns false when the last user has closed.
func (l *loop) turn() bool {
	do := l.next()
	if do == nil {
		return false
	}
	l.stats.busySince(time.Now())
	do()
	l.stats.busySince(time.Time{})
	return true
}

// next waits for something to do, and returns nil when the last user has closed.
func (l *loop) next() func() {
	if l.hold.on() {
		return l.nextHeld()
	}
	select {
	case <-l.ending:
		return nil
	case work := <-l.work:
		return func() { work(l) }
	case <-l.full():
		return l.commit
	case <-l.queue.wake:
		return l.arm
	case <-l.commitTimer.C:
		return l.commitInTime
	case <-l.maintenance.C:
		return l.beginPass
	case <-l.nextStep():
		return l.step
	}
}

// commitInTime commits what has waited for its time, also after a commit that failed.
func (l *loop) commitInTime() {
	l.armed, l.failing = false, false
	l.commit()
}

// beginPass begins a pass of maintenance, unless one is under way, and sets the time of the next
// one.
func (l *loop) beginPass() {
	l.maintenance.Reset(l.untilNextPass())
	if len(l.passes) == 0 {
		l.schedule(newOwnPass(l, time.Time{}))
	}
}

// untilNextPass is the time from one pass to the next: no less than half of the interval, also
// where the clock that ages are counted from stands still.
func (l *loop) untilNextPass() time.Duration {
	interval := l.config.MaintenanceInterval
	return max(untilPass(l.options.Now(), interval, l.config.Grace), interval/2)
}

// untilPass is the time from now to the next pass: one an interval, at the moment at which the
// grace of a bucket has passed, so that it does not wait any longer to be rolled up.
func untilPass(now time.Time, interval, grace time.Duration) time.Duration {
	since := now.Add(-grace)
	return since.Truncate(interval).Add(interval).Sub(since)
}

var always = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// full is ready when a commit should not wait for its time.
func (l *loop) full() <-chan struct{} {
	if !l.failing && l.queue.due() {
		return always
	}
	return nil
}

// arm starts the time of the next commit, if it is not running.
func (l *loop) arm() {
	l.stats.waits()
	if !l.armed {
		l.commitTimer.Reset(l.config.CommitInterval)
		l.armed = true
	}
}

// finish does what is left to do when the last user has closed.
func (l *loop) finish() error {
	errs := []error{l.drain(), l.endSalvage()}
	for _, p := range l.passes {
		p.end(ErrClosed)
		p.onEnd()
	}
	if errs[0] == nil {
		errs = append(errs, l.rollUpAtEnd(), l.store.Checkpoint(context.WithoutCancel(l.endCtx)))
	}
	return errors.Join(append(errs, l.store.Close())...)
}

func (l *loop) rollUpAtEnd() error {
	if !l.endRollUp {
		return nil
	}
	ctx, cancel := rollUpTime(l.endCtx)
	defer cancel()
	return l.rollUpDue(ctx)
}

// rollUpTime is how long the end may roll up: a part of the time there is, so that the rest
// suffices to close the file.
func rollUpTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/4))
}
