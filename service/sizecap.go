package service

import (
	"context"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// A commit brings no more than a part of the size cap, so that the file can be held to it. A sample
// takes no more than this many bytes, in a page that is half empty.
const (
	commitShare = 16
	sampleBytes = 64
)

// trimQuiet is how long nothing has been given up when the file is said to fit its size cap again.
const trimQuiet = 10 * time.Minute

// batchLimit is the most samples of one commit.
func (c Config) batchLimit() int {
	limit := min(maxBatch, c.QueueSize)
	if c.MaxSize == 0 {
		return limit
	}
	return min(limit, int(c.MaxSize/commitShare/sampleBytes))
}

// trimming is what the loop knows of giving history up because of the size cap.
type trimming struct {
	state     repo.Trim
	deepest   Granularity // of the tiers that have been given up, since begun
	begun     spell       // history is given up
	exhausted spell       // nothing is left to give up
	over      spell       // the file is larger than its cap
}

// spell is a time in which something is seen again and again. It ends when that has not been seen
// for trimQuiet: what goes on and off with each step is said once.
type spell struct{ seen time.Time }

func (s *spell) on() bool { return !s.seen.IsZero() }

// look notes whether it is seen now, and says whether the spell begins or ends with that.
func (s *spell) look(sees bool) (begins, ends bool) {
	now := time.Now()
	switch {
	case sees:
		begins = !s.on()
		s.seen = now
	case s.on() && now.Sub(s.seen) > trimQuiet:
		s.seen = time.Time{}
		ends = true
	}
	return begins, ends
}

// makeRoom gives history up until the file has room for the next transaction. What it cannot do is
// noted: recording goes on all the same.
func (l *loop) makeRoom() {
	l.measureSize()
	for {
		must, err := l.store.MustTrim(context.Background())
		if err == nil && !must {
			return
		}
		more := false
		if err == nil {
			more, err = l.trim(context.Background())
		}
		if err != nil {
			l.outcome(maintaining, err)
		}
		if !more {
			return
		}
		l.checkpointIfDue() // trimming fills the WAL, too
		l.options.Watchdog()
	}
}

// measureSize notes whether the cap has held.
func (l *loop) measureSize() {
	over, err := l.store.OverCap(context.Background())
	if err != nil {
		l.outcome(maintaining, err)
		return
	}
	l.logOver(over)
	l.stats.overCap(over)
}

// logOver says once that the cap has not held, and once that it has again for long.
func (l *loop) logOver(over bool) {
	limit := l.config.MaxSize.String()
	begins, ends := l.trimming.over.look(over)
	if begins {
		l.log.Warn("file and WAL are larger than the size cap", "max_size", limit)
	}
	if ends {
		l.log.Info("file and WAL are within the size cap again", "max_size", limit)
	}
}

// trim does one step of giving history up, if the file is too large.
func (l *loop) trim(ctx context.Context) (more bool, err error) {
	t := &l.trimming
	before := t.state
	more, err = l.store.Trim(ctx, l.latest(), &t.state)
	if err != nil {
		return false, err
	}
	l.logTrim(before)
	l.logExhausted()
	l.stats.trim(TierRows(t.state.Deleted), t.exhausted.on())
	return more, nil
}

// logTrim says once which tier is given up early, and once that this is over.
func (l *loop) logTrim(before repo.Trim) {
	t := &l.trimming
	gives := false
	for g := Raw; g <= Hour; g++ {
		if t.state.Deleted[g] == before.Deleted[g] {
			continue
		}
		gives = true
		if !t.begun.on() || g > t.deepest {
			t.deepest = g
			l.logGivenUp(g)
		}
	}
	if _, ends := t.begun.look(gives); ends {
		t.deepest = Raw
		l.log.Info("the file fits its size cap again", "max_size", l.config.MaxSize.String())
	}
}

// logExhausted says once that the cap cannot be kept, and once that it can again: not each time
// that the last bit of new history has gone.
func (l *loop) logExhausted() {
	limit := l.config.MaxSize
	begins, ends := l.trimming.exhausted.look(l.trimming.state.Exhausted)
	if begins {
		l.log.Error("the file cannot be held to its size cap", "why", sizeCapMessage(limit))
	}
	if ends {
		l.log.Info("the file can be held to its size cap again", "max_size", limit.String())
	}
}

func (l *loop) logGivenUp(g Granularity) {
	limit := l.config.MaxSize.String()
	if g == Hour {
		l.log.Warn("the size cap is reached: the oldest hours are given up for good", "max_size", limit)
		return
	}
	l.log.Warn("the size cap is reached: the oldest of a tier goes before its age, and remains in "+
		"the next one",
		"granularity", g.String(), "max_size", limit)
}

func sizeCapMessage(limit Bytes) string {
	return fmt.Sprintf("the file cannot be held to %s: all history that may go has gone; it takes "+
		"a larger size cap or fewer series", limit)
}

// overCapMessage says why a file may be larger than its cap while there is history to give up.
func overCapMessage(limit Bytes) string {
	return fmt.Sprintf("file and WAL are larger than %s: readers hold the WAL, buckets have too "+
		"many states, or maintenance is to "+
		"give pages back", limit)
}
