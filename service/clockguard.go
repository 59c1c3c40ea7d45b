package service

import (
	"context"
	"math"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// clockProof is the longest time that a clock which has jumped ahead must go on for before it is believed.
const clockProof = 6 * time.Hour

// clockGuard keeps a wrong clock from deleting history. Rolling up goes by the clock as it is, for that loses nothing: what
// comes late is merged. Deleting can not be taken back, so it goes by the clock only as far as the clock can be explained:
// by the moment that deleting in this file last went by, and the time that has passed since in this process. It is for the
// goroutine of the writer.
type clockGuard struct {
	judged time.Time   // when the clock was last judged in this process, zero before
	reach  repo.Micros // the latest moment that could be explained then
	told   repo.Micros // since when the clock is in doubt, as it was last logged; 0 while it is believed
}

// reckoning is what a process can say of the time by itself.
type reckoning struct {
	now     repo.Micros   // what the clock says
	vouched bool          // somebody has said that it is right
	first   bool          // this process has not judged the clock yet
	elapsed time.Duration // since it has, by the monotonic clock; 0 if it has not
	reach   repo.Micros   // the latest moment that could be explained then
}

// judgement is what becomes of a reckoning.
type judgement struct {
	file  repo.Clock
	reach repo.Micros // the latest moment that can be explained
	// jump is how far the clock is ahead of that, 0 when it is believed, and proved what it will say when it has been long enough.
	jump   repo.Micros
	proved repo.Micros
}

// judge tells a clock to be believed from one that has jumped ahead.
func (r reckoning) judge(file repo.Clock) judgement {
	explained := file.Trusted
	if !r.first {
		explained = max(explained, r.reach.Add(r.elapsed))
	}
	if r.vouched || file.Trusted == 0 || r.now <= explained.Add(MaxAhead) {
		return believed(file, r.now, explained)
	}
	switch {
	case file.Doubted == 0:
		file.Doubted = r.now
	case r.inStep(file.Seen):
		if r.now-file.Doubted >= proof(r.now-explained) {
			return believed(file, r.now, explained)
		}
	case !r.first || r.now < file.Seen: // it jumps about
		file.Doubted = r.now
	case r.now-file.Doubted >= proof(file.Seen-explained):
		// Nobody has seen the time between. That the clock has gone on proves what it said before, and not what it says now.
		explained = file.Seen
		file.Doubted = r.now
	}
	jump := r.now - explained
	return judgement{
		file:   repo.Clock{Trusted: explained, Doubted: file.Doubted, Seen: r.now},
		reach:  explained,
		jump:   jump,
		proved: file.Doubted + proof(jump),
	}
}

// inStep says that the clock has gone on from what it said as the time of this process has.
func (r reckoning) inStep(seen repo.Micros) bool {
	return r.now >= seen.Add(-MaxAhead) && r.now <= seen.Add(r.elapsed+MaxAhead)
}

// believed returns the judgement that the clock is right. One that is behind explains nothing anew: what could be explained
// before still can, until the clock has caught up.
func believed(file repo.Clock, now, explained repo.Micros) judgement {
	if now < file.Trusted {
		return judgement{file: repo.Clock{Trusted: file.Trusted, Seen: now}, reach: explained}
	}
	return judgement{file: repo.Clock{Trusted: now, Seen: now}, reach: now}
}

// proof is how long a clock that has jumped so far must go on for.
func proof(jump repo.Micros) repo.Micros {
	return min(jump, repo.Micros(clockProof.Microseconds()))
}

// deleteBy is the moment that deleting goes by.
func (j judgement) deleteBy() repo.Micros { return min(j.file.Seen, j.file.Trusted) }

// doubt returns how far the clock has jumped, and when deleting goes by it again; zero when it is believed.
func (j judgement) doubt() (jump time.Duration, until time.Time) {
	if j.jump == 0 {
		return 0, time.Time{}
	}
	return time.Duration(min(j.jump, math.MaxInt64/1000)) * time.Microsecond, j.proved.Time()
}

// judgeClock is the first step of a pass: it settles which moment deleting goes by.
func (p *pass) judgeClock(l *loop) stage {
	return stage{"judge the clock", func(ctx context.Context) (bool, error) {
		verdict, err := l.clock.judge(ctx, l)
		if err != nil {
			return false, err
		}
		p.deleteBy = verdict.deleteBy()
		p.report.ClockDoubt, p.report.DeletesAgain = verdict.doubt()
		return false, nil
	}}
}

func (g *clockGuard) judge(ctx context.Context, l *loop) (judgement, error) {
	var verdict judgement
	looked := time.Now()
	r := reckoning{
		now:     repo.MicrosOf(l.options.Now()),
		vouched: l.options.TrustClock,
		first:   g.judged.IsZero(),
		reach:   g.reach,
	}
	if !r.first {
		r.elapsed = looked.Sub(g.judged)
	}
	err := l.store.JudgeClock(ctx, func(file repo.Clock) repo.Clock {
		verdict = r.judge(file)
		return verdict.file
	})
	if err != nil {
		return judgement{}, err
	}
	g.judged, g.reach = looked, verdict.reach
	l.stats.doubt(verdict.doubt())
	g.tell(l, verdict, r.first)
	return verdict, nil
}

// tell logs once when the clock falls into doubt, and once when it is believed again.
func (g *clockGuard) tell(l *loop, verdict judgement, first bool) {
	doubted := verdict.file.Doubted
	if doubted == g.told {
		return
	}
	g.told = doubted
	jump, until := verdict.doubt()
	switch {
	case doubted == 0:
		l.log.Info("the clock is believed again, deleting goes by it")
	case first: // the file was closed, or the machine off: nothing to worry about
		l.log.Info("nobody has seen how the clock went on since the file was maintained, deleting waits until it has proved itself",
			"ahead", jump, "until", until)
	default:
		l.log.Warn("the clock has jumped ahead, deleting waits until it has proved itself", "ahead", jump, "until", until)
	}
}
