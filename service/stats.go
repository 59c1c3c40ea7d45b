package service

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// stats is what the writer's goroutine counts and notes.
type stats struct {
	mu     sync.Mutex
	status WriterStatus
	vitals vitals

	unmerged int64 // of the file, when it was last looked at
}

// vitals are what the writer's goroutine notes of itself, for its health to be told while it hangs.
type vitals struct {
	waiting    time.Time // since when samples wait without a commit, zero while none do
	busy       time.Time // when the turn under way began, zero between two turns
	maintained time.Time // when a pass last ended without error, or the writer was opened
	troubles   troubles

	aside     aside // what lies beside this file and has not been salvaged
	tooOld    bool  // all samples of the last commit were refused as too old
	exhausted bool  // nothing is left to give up, and the file is too large still
	overCap   bool  // file and WAL are larger than the size cap
}

// begin makes ready to count.
func (s *stats) begin() {
	s.status.CommitTimes = newCommitTimes()
	s.vitals.maintained = time.Now()
}

// waits notes that samples wait.
func (s *stats) waits() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vitals.waiting.IsZero() {
		s.vitals.waiting = time.Now()
	}
}

// waitsNoMore notes that samples have been committed, or that none wait.
func (s *stats) waitsNoMore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vitals.waiting = time.Time{}
}

// busySince notes when the goroutine has begun to do something, or with the zero time that it has
// done it.
func (s *stats) busySince(since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vitals.busy = since
}

func (s *stats) commit(outcomes []repo.Outcome, took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.status.FailedCommits++
		return
	}
	s.status.Commits++
	s.status.CommitTime += took
	s.status.CommitTimes.add(took)
	s.status.LongestCommit = max(s.status.LongestCommit, took)
	s.status.LastCommit = time.Now()
	old := s.status.Refused.TooOld
	for _, outcome := range outcomes {
		s.status.count(outcome)
	}
	if len(outcomes) > 0 {
		s.vitals.tooOld = s.status.Refused.TooOld-old == int64(len(outcomes))
	}
}

// ended notes how an operation has ended, and returns the troubles before that and now.
func (s *stats) ended(op operation, err error) (before, now troubles) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.vitals.troubles
	s.vitals.troubles[op] = troubleOf(err)
	if err != nil {
		s.status.LastError, s.status.LastErrorAt = err, time.Now()
	}
	return before, s.vitals.troubles
}

// held notes for how long commits have been held back.
func (s *stats) held(held time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Holds++
	s.status.LongestHold = max(s.status.LongestHold, held)
}

func (s *stats) pass(report Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Passes++
	s.status.LastPass = report
	if report.Err != nil {
		return
	}
	s.status.Maintained = time.Now()
	s.vitals.maintained = s.status.Maintained
}

// doubt notes how far the clock has jumped, and when deleting goes by it again.
func (s *stats) doubt(jump time.Duration, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.ClockDoubt, s.status.DeletesAgain = jump, until
}

// trim notes what has been given up because of the size cap.
func (s *stats) trim(deleted TierRows, exhausted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Trimmed = deleted
	s.vitals.exhausted = exhausted
}

// overCap notes whether file and WAL are larger than the size cap.
func (s *stats) overCap(over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vitals.overCap = over
}

// leftOut notes what is left out, and returns the places that were not known.
func (s *stats) leftOut(list []Unsound, unmerged int64) []Unsound {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Unsound
	for _, one := range list {
		if !slices.ContainsFunc(s.status.Unsound,
			func(u Unsound) bool { return u.place() == one.place() }) {
			found = append(found, one)
		}
	}
	s.status.Unsound = list
	if unmerged < s.unmerged { // of another file
		s.unmerged = 0
	}
	s.status.Unmerged += unmerged - s.unmerged
	s.unmerged = unmerged
	return found
}

// quarantine counts a damaged file that was moved aside.
func (s *stats) quarantine() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Quarantines++
}

// quarantined notes what lies beside the file that has not been salvaged.
func (s *stats) quarantined(a aside) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vitals.aside = a
}

// renewed notes that what was damaged is not in use any more.
func (s *stats) renewed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for op, trouble := range s.vitals.troubles {
		if trouble == fileDamaged || trouble == otherName || trouble == mountGone {
			s.vitals.troubles[op] = noTrouble
		}
	}
}

// salvaging notes what is under way, "" for nothing.
func (s *stats) salvaging(run SalvageRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Salvage = run
}

func (s *stats) snapshot() WriterStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.status
	status.CommitTimes = status.CommitTimes.clone()
	status.Unsound = slices.Clone(status.Unsound)
	status.Salvage.Report.Found = slices.Clone(status.Salvage.Report.Found)
	status.DiskFull = s.vitals.troubles.have(diskFull)
	return status
}

func (s *stats) health(config *Config, noMaintenance bool) []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	problems := s.vitals.stuck(max(stuckIntervals*config.CommitInterval, patience))
	if s.vitals.troubles.have(diskFull) {
		problems = append(problems, Problem{DiskFull, ErrDiskFull.Error()})
	}
	if s.vitals.tooOld {
		problems = append(problems, Problem{SamplesTooOld,
			"samples are refused as older than anything that the file keeps: the clock is behind, or was " +
				"ahead for long"})
	}
	switch {
	case s.vitals.exhausted:
		problems = append(problems, Problem{SizeCap, sizeCapMessage(config.MaxSize)})
	case s.vitals.overCap:
		problems = append(problems, Problem{SizeCap, overCapMessage(config.MaxSize)})
	}
	problems = append(problems, unsoundProblems(s.status.Unsound)...)
	problems = append(problems, s.vitals.damageProblems(s.status.Salvage)...)
	idle := time.Since(s.vitals.maintained)
	if !noMaintenance && idle > overdueIntervals*config.MaintenanceInterval {
		problems = append(problems, Problem{MaintenanceOverdue,
			fmt.Sprintf("no pass of maintenance has ended without error for %s", idle.Round(time.Second))})
	}
	return problems
}
