package service

import (
	"context"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// MinMaxSize is the smallest Config.MaxSize.
const MinMaxSize Bytes = repo.MinSizeCap

// A commit brings no more than a part of the size cap, so that the file can be held to it. A sample takes no more than this
// many bytes, in a page that is half empty.
const (
	commitShare = 16
	sampleBytes = 64
)

// trimQuiet is how long nothing has been given up when the file is said to fit its size cap again.
const trimQuiet = 10 * time.Minute

// batchLimit is the most samples of one commit.
func (c Config) batchLimit() int {
	if c.MaxSize == 0 {
		return maxBatch
	}
	return int(min(maxBatch, c.MaxSize/commitShare/sampleBytes))
}

// sizeCapProblem says what is wrong with a size cap, if anything is.
func (c Config) sizeCapProblem() error {
	if c.MaxSize == 0 || c.MaxSize >= MinMaxSize {
		return nil
	}
	return fmt.Errorf("%sMAX_SIZE=%s: want %s or more, or 0 for no limit", EnvPrefix, c.MaxSize, MinMaxSize)
}

// maxSize is the size cap of the file at path if this process writes it, else 0: the cap is not in the file.
func (r *registry) maxSize(path string) Bytes {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.find(path)
	if err != nil || c == nil {
		return 0
	}
	return c.config.MaxSize
}

// trimming is what the loop knows of giving history up because of the size cap.
type trimming struct {
	state   repo.Trim
	last    time.Time   // when something was given up, zero while the file fits
	deepest Granularity // of the tiers that have been, since then
	failed  time.Time   // when nothing was left to give up, zero while the cap can be kept
	over    time.Time   // when the file was larger than its cap, zero while it is not
}

// makeRoom gives history up until the file has room for the next transaction. What it can not do is noted: recording goes on
// all the same.
func (l *loop) makeRoom() {
	l.measureSize()
	for {
		crowded, err := l.store.Crowded(context.Background())
		if err == nil && !crowded {
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
	t, now, limit := &l.trimming, time.Now(), l.config.MaxSize
	switch {
	case over:
		if t.over.IsZero() {
			l.log.Warn("file and WAL are larger than the size cap", "max_size", limit.String())
		}
		t.over = now
	case !t.over.IsZero() && now.Sub(t.over) > trimQuiet:
		t.over = time.Time{}
		l.log.Info("file and WAL are within the size cap again", "max_size", limit.String())
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
	l.stats.trim(t.state.Deleted, !t.failed.IsZero())
	return more, nil
}

// logTrim says once which tier is given up early, and once that this is over.
func (l *loop) logTrim(before repo.Trim) {
	t, now := &l.trimming, time.Now()
	for g := Raw; g <= Hour; g++ {
		if t.state.Deleted[g] == before.Deleted[g] {
			continue
		}
		if t.last.IsZero() || g > t.deepest {
			t.deepest = g
			l.logGivenUp(g)
		}
		t.last = now
	}
	if !t.last.IsZero() && now.Sub(t.last) > trimQuiet {
		t.last, t.deepest = time.Time{}, Raw
		l.log.Info("the file fits its size cap again", "max_size", l.config.MaxSize.String())
	}
}

// logExhausted says once that the cap can not be kept, and once that it can again: not each time that the last bit of new
// history has gone.
func (l *loop) logExhausted() {
	t, now, limit := &l.trimming, time.Now(), l.config.MaxSize
	switch {
	case t.state.Exhausted:
		if t.failed.IsZero() {
			l.log.Error("the file can not be held to its size cap", "why", sizeCapMessage(limit))
		}
		t.failed = now
	case !t.failed.IsZero() && now.Sub(t.failed) > trimQuiet:
		t.failed = time.Time{}
		l.log.Info("the file can be held to its size cap again", "max_size", limit.String())
	}
}

func (l *loop) logGivenUp(g Granularity) {
	limit := l.config.MaxSize.String()
	if g == Hour {
		l.log.Warn("the size cap is reached: the oldest hours are given up for good", "max_size", limit)
		return
	}
	l.log.Warn("the size cap is reached: the oldest of a tier goes before its age, and remains in the next one",
		"granularity", g.String(), "max_size", limit)
}

func sizeCapMessage(limit Bytes) string {
	return fmt.Sprintf("the file can not be held to %s: all history that may go has gone; it takes a larger %sMAX_SIZE or fewer series",
		limit, EnvPrefix)
}

// overCapMessage says why a file may be larger than its cap while there is history to give up.
func overCapMessage(limit Bytes) string {
	return fmt.Sprintf("file and WAL are larger than %s: readers hold the WAL, buckets have too many states, or maintenance is to "+
		"give pages back", limit)
}

// overCap notes whether file and WAL are larger than the size cap.
func (s *stats) overCap(over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vitals.overCap = over
}

// trim notes what has been given up because of the size cap.
func (s *stats) trim(deleted [Hour + 1]int64, exhausted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Trimmed = deleted
	s.vitals.exhausted = exhausted
}
