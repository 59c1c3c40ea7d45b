package service

import (
	"context"
	"math"
	"time"

	"github.com/wanstore/wanstore/repo"
)

const (
	// clockProof is the longest time that a clock which has jumped ahead must go on for before it
	// is believed, and the time after which one that is behind is.
	clockProof = 6 * time.Hour

	// enoughOfIt is how long a clock must have gone on in step for it to be believed as far as it
	// went when it jumps further ahead: the person who set it then knew better. So a machine that
	// sleeps more than it wakes deletes one nap late, and not never. A new file believes its first
	// clock after as long: by then a machine without a battery knows the time, if it ever will.
	enoughOfIt = 30 * time.Minute

	// A clock that nobody has seen going on is believed as far as it went when it is found later by
	// no more than longestGap, or went on for someOfIt: a dead battery makes any two moments.
	longestGap = 31 * 24 * time.Hour
	someOfIt   = 10 * time.Minute
)

// clockGuard keeps a wrong clock from deleting history. Rolling up goes by the clock as it is, for
// that loses nothing: what comes late is merged. Deleting cannot be taken back, so it goes by the
// clock only as far as the clock can be explained: by the moment that deleting in this file last
// went by, and the time that has passed since in this process. It is for the goroutine of the
// writer.
type clockGuard struct {
	judged time.Time   // when the clock was last judged in this process, zero before
	reach  repo.Micros // the latest moment that could be explained then
	behind time.Time   // since when the clock is behind what was trusted, zero while it is not
	// since when the clock is in doubt, as it was last logged; 0 while it is believed
	told repo.Micros
}

// reckoning is what a process can say of the time by itself.
type reckoning struct {
	now     repo.Micros   // what the clock says
	vouched bool          // somebody has said that it is right
	first   bool          // this process has not judged the clock yet
	elapsed time.Duration // since it has, by the monotonic clock; 0 if it has not
	reach   repo.Micros   // the latest moment that could be explained then
	behind  time.Duration // for how long the clock has been behind what was trusted
}

// judgement is what becomes of a reckoning.
type judgement struct {
	file     repo.Clock
	deleteBy repo.Micros // the moment that deleting goes by
	reach    repo.Micros // the latest moment that can be explained
	// jump is how far the clock is ahead of that, and proved what it will say when it has been long
	// enough; 0 when it is believed.
	jump   repo.Micros
	proved repo.Micros
}

// judge tells a clock to be believed from one that has jumped ahead. One that a file has never seen
// is in doubt, too: what it makes of a new file could not be taken back.
func (r reckoning) judge(file repo.Clock) judgement {
	explained := file.Trusted
	if !r.first && file.Trusted != 0 {
		explained = max(explained, r.reach.Add(r.elapsed))
	}
	if r.vouched || file.Trusted != 0 && r.now <= explained.Add(MaxAhead) {
		return r.believed(file, explained)
	}
	needs := proof(file, r.now-explained)
	switch {
	case file.Doubted == 0:
		file.Doubted = r.now
	case r.inStep(file.Seen):
		if r.now-file.Doubted >= needs {
			return r.believed(file, explained)
		}
	case r.provesSeen(file, explained):
		// Nobody has seen the time between. That the clock has gone on proves what it said before,
		// and not what it says now.
		explained = file.Seen
		file.Doubted = r.now
		needs = proof(file, r.now-explained)
	// it jumps about
	case !r.first || r.now < file.Seen || r.now-file.Doubted >= proof(file, file.Seen-explained):
		file.Doubted = r.now
	}
	jump := r.now - explained
	verdict := judgement{
		file:   repo.Clock{Trusted: explained, Doubted: file.Doubted, Seen: r.now},
		reach:  explained,
		proved: file.Doubted + needs,
	}
	if explained != 0 {
		verdict.jump = jump
	}
	verdict.deleteBy = explained
	return verdict
}

// provesSeen says that a clock which has jumped ahead, or gone on unseen, was right when it was
// last seen.
func (r reckoning) provesSeen(file repo.Clock, explained repo.Micros) bool {
	went := file.Seen.Sub(file.Doubted)
	switch {
	case r.now < file.Seen:
		return false
	case !r.first:
		return went >= enoughOfIt
	default:
		gap := r.now.Sub(file.Seen)
		return r.now-file.Doubted >= proof(file, file.Seen-explained) &&
			(gap <= longestGap || went >= someOfIt)
	}
}

// inStep says that the clock has gone on from what it said as the time of this process has.
func (r reckoning) inStep(seen repo.Micros) bool {
	return r.now >= seen.Add(-MaxAhead) && r.now <= seen.Add(r.elapsed+MaxAhead)
}

// believed returns the judgement that the clock is right. One that is behind explains nothing new,
// and proves nothing wrong: what could be explained before still can, until the clock has caught
// up, or has been behind for so long that what was trusted must have been wrong.
func (r reckoning) believed(file repo.Clock, explained repo.Micros) judgement {
	if r.now < file.Trusted && r.behind < clockProof {
		return judgement{file: file, reach: explained, deleteBy: r.now}
	}
	return judgement{file: repo.Clock{Trusted: r.now, Seen: r.now}, reach: r.now, deleteBy: r.now}
}

// proof is how long a clock must go on for that has jumped so far, or that the file sees for the
// first time.
func proof(file repo.Clock, jump repo.Micros) repo.Micros {
	if file.Trusted == 0 {
		return repo.Micros(enoughOfIt.Microseconds())
	}
	return min(jump, repo.Micros(clockProof.Microseconds()))
}

// doubt returns how far the clock has jumped, 0 in a file that has not believed any clock yet, and
// when deleting goes by it; zero when it is believed.
func (j judgement) doubt() (jump time.Duration, until time.Time) {
	if j.proved == 0 {
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
		p.deleteBy = verdict.deleteBy
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
	if !g.behind.IsZero() {
		r.behind = looked.Sub(g.behind)
	}
	err := l.store.JudgeClock(ctx, func(file repo.Clock) repo.Clock {
		verdict = r.judge(file)
		return verdict.file
	})
	if err != nil {
		return judgement{}, err
	}
	g.judged, g.reach = looked, verdict.reach
	g.noteBehind(looked, r.now < verdict.file.Trusted)
	l.stats.doubt(verdict.doubt())
	g.tell(l, verdict, r.first)
	return verdict, nil
}

func (g *clockGuard) noteBehind(looked time.Time, behind bool) {
	switch {
	case !behind:
		g.behind = time.Time{}
	case g.behind.IsZero():
		g.behind = looked
	}
}

// tell logs once when the clock falls into doubt, and once when it is believed again.
func (g *clockGuard) tell(l *loop, verdict judgement, first bool) {
	doubted := verdict.file.Doubted
	jump, until := verdict.doubt()
	if doubted == g.told || doubted != 0 && jump == 0 { // that of a new file is nobody's worry
		return
	}
	g.told = doubted
	switch {
	case doubted == 0:
		l.log.Info("the clock is believed again, deleting goes by it")
	case first: // the file was closed, or the machine off: nothing to worry about
		l.log.Info("nobody has seen how the clock went on since the file was maintained, deleting "+
			"waits until it has proved itself",
			"ahead", jump, "until", until)
	default:
		l.log.Warn("the clock has jumped ahead, deleting waits until it has proved itself", "ahead", jump,
			"until", until)
	}
}
