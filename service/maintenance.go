package service

import (
	"context"
	"errors"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// Report is what a pass of maintenance has done.
type Report struct {
	Started time.Time
	Took    time.Duration // from the start to the end, commits in between included

	// RolledUp is how many rows were made in each tier of the one before it; none in the raw tier.
	RolledUp TierRows
	// Deleted is how many rows were deleted from each tier.
	Deleted TierRows
	// Expired is how many samples have outlived the retention and never been rolled up.
	Expired int64
	// PagesFreed is how many pages were given back to the file system.
	PagesFreed int64

	// ClockDoubt is how far the clock was ahead of what can be explained, 0 when it was believed.
	// Until DeletesAgain deleting goes by the clock less ClockDoubt.
	ClockDoubt   time.Duration
	DeletesAgain time.Time

	Steps       int           // that the pass has taken
	LongestStep time.Duration // how long a commit may have waited for one
	LongestName string        // which step that was

	MoreDue bool  // the pass ended before everything was done
	Err     error // what has ended it early, nil for its time
}

// pass is one round of maintenance: stages in their order, each a chain of bounded steps.
type pass struct {
	ctx      context.Context //nolint:containedctx // of the caller: it cancels between two steps
	deadline time.Time       // zero for none
	stages   []stage
	deleteBy repo.Micros // the moment that deleting goes by, set by the first stage
	report   Report
	onBegin  func() // before the first step
	onEnd    func()
}

// stage is one kind of step, to be repeated while there is more.
type stage struct {
	name string
	step func(context.Context) (more bool, err error)
}

// newPass plans a pass over everything, at the time that it is now.
func newPass(ctx context.Context, l *loop, deadline time.Time) *pass {
	p := &pass{
		ctx:      ctx,
		deadline: deadline,
		report:   Report{Started: time.Now()},
		onBegin:  func() {},
		onEnd:    func() {},
	}
	now := repo.MicrosOf(l.options.Now())
	p.stages = append(p.stages, p.judgeClock(l), p.expire(l.store))
	p.stages = append(p.stages, p.rollUps(l.store, now, l.config.Grace)...)
	p.stages = append(p.stages, p.raiseFloors(l.store), p.sweepSamples(l.store))
	for g := repo.Minute; g <= repo.Hour; g++ {
		p.stages = append(p.stages, p.sweepRollups(l.store, g))
	}
	trim := stage{"trim", l.trim} // a file that nobody writes to, or whose size cap has become smaller
	p.stages = append(p.stages, trim, p.vacuum(l.store), p.checkpoint(l.store), p.lookThrough(l))
	return p
}

// newOwnPass plans a pass that nobody has asked for, which also brings back what is intact in
// damaged files.
func newOwnPass(l *loop, deadline time.Time) *pass {
	p := newPass(context.Background(), l, deadline)
	p.stages = append(p.stages, p.salvageDamaged(l))
	return p
}

func (p *pass) expire(store *repo.Writer) stage {
	var expiry repo.Expiry
	return stage{"expire", func(ctx context.Context) (bool, error) {
		more, err := store.Expire(ctx, p.deleteBy, &expiry)
		p.report.Expired = expiry.Samples
		return more, err
	}}
}

func (p *pass) rollUps(store *repo.Writer, now repo.Micros, grace time.Duration) []stage {
	var stages []stage
	for to := repo.Minute; to <= repo.Hour; to++ {
		level := (to - 1).String() + "->" + to.String()
		stages = append(stages, stage{"roll up " + level, func(ctx context.Context) (bool, error) {
			made, more, err := store.RollUp(ctx, to, now, grace)
			p.report.RolledUp[to] += made
			return more, err
		}})
	}
	return stages
}

func (p *pass) raiseFloors(store *repo.Writer) stage {
	return stage{"raise floors", func(ctx context.Context) (bool, error) {
		return false, store.RaiseFloors(ctx, p.deleteBy)
	}}
}

func (p *pass) sweepSamples(store *repo.Writer) stage {
	return stage{"delete " + Raw.String(), func(ctx context.Context) (bool, error) {
		deleted, more, err := store.SweepSamples(ctx)
		p.report.Deleted[Raw] += deleted
		return more, err
	}}
}

func (p *pass) sweepRollups(store *repo.Writer, g repo.Granularity) stage {
	var sweep repo.Sweep
	return stage{"delete " + g.String(), func(ctx context.Context) (bool, error) {
		deleted, more, err := store.SweepRollups(ctx, g, &sweep)
		p.report.Deleted[g] += deleted
		return more, err
	}}
}

func (p *pass) vacuum(store *repo.Writer) stage {
	return stage{"vacuum", func(ctx context.Context) (bool, error) {
		freed, more, err := store.Vacuum(ctx)
		p.report.PagesFreed += freed
		return more, err
	}}
}

func (p *pass) checkpoint(store *repo.Writer) stage {
	return stage{"checkpoint", func(ctx context.Context) (bool, error) {
		return false, store.Checkpoint(ctx)
	}}
}

// run does the next step and says whether the pass goes on. What cancels the pass is looked at
// between two steps only: a step that has begun ends.
func (p *pass) run() bool {
	p.onBegin()
	p.onBegin = func() {}
	if p.ctx.Err() != nil {
		p.end(context.Cause(p.ctx))
		return false
	}
	if !p.deadline.IsZero() && time.Now().After(p.deadline) {
		p.end(nil)
		return false
	}
	if err := p.step(p.stages[0]); err != nil {
		p.end(err)
		return false
	}
	if len(p.stages) > 0 {
		return true
	}
	p.end(nil)
	return false
}

func (p *pass) step(s stage) error {
	start := time.Now()
	more, err := s.step(context.WithoutCancel(p.ctx))
	took := time.Since(start)
	p.report.Steps++
	if took > p.report.LongestStep {
		p.report.LongestStep, p.report.LongestName = took, s.name
	}
	if err == nil && !more {
		p.stages = p.stages[1:]
	}
	return err
}

func (p *pass) end(err error) {
	p.report.Took = time.Since(p.report.Started)
	p.report.MoreDue = len(p.stages) > 0
	p.report.Err = err
}

// schedule adds a pass behind those that are under way.
func (l *loop) schedule(p *pass) {
	l.passes = append(l.passes, p)
	if len(l.passes) == 1 {
		l.pause.Reset(0)
	}
}

// nextStep is ready when a step of maintenance may be done.
func (l *loop) nextStep() <-chan time.Time {
	if len(l.passes) == 0 {
		return nil
	}
	return l.pause.C
}

// step does one step of the pass under way.
func (l *loop) step() {
	l.makeRoom()
	p := l.passes[0]
	if !p.run() {
		l.passes = l.passes[1:]
		l.passEnded(p)
	}
	l.noteUnsound()
	l.checkpointIfDue() // a long pass fills the WAL, too
	l.options.Watchdog()
	l.pause.Reset(stepPause)
}

// rollUpDue rolls up what is due, until ctx is done.
func (l *loop) rollUpDue(ctx context.Context) error {
	p := &pass{
		ctx: ctx, report: Report{Started: time.Now()}, onBegin: func() {}, onEnd: func() {},
	}
	p.stages = p.rollUps(l.store, repo.MicrosOf(l.options.Now()), l.config.Grace)
	for l.makeRoom(); p.run(); l.makeRoom() {
		l.checkpointIfDue()
		l.options.Watchdog()
	}
	if errors.Is(p.report.Err, context.Cause(ctx)) {
		return nil // what is left is rolled up after the next start
	}
	return p.report.Err
}

// passEnded counts a pass before its caller hears of the end. One that was cancelled has not
// failed.
func (l *loop) passEnded(p *pass) {
	err := p.report.Err
	l.stats.pass(p.report)
	switch {
	case err == nil:
		l.note(checkpointing, nil)
		l.note(maintaining, nil)
	case !errors.Is(err, context.Cause(p.ctx)):
		l.outcome(maintaining, err)
	}
	l.countQuarantined()
	p.onEnd()
}
