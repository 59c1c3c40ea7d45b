package service

import (
	"time"

	"github.com/wanstore/wanstore/repo"
)

// WriterStatus is what a writer has done since the file was opened, by all of its holds.
type WriterStatus struct {
	QueueDepth    int     // samples that wait
	QueueCapacity int     // samples that may wait
	Accepted      int64   // samples that are in the file, late ones among them
	Late          int64   // samples that were merged into buckets that had been rolled up
	Duplicate     int64   // samples that were there already
	Refused       Refused // samples that could not be stored, by cause
	Dropped       Dropped // samples that were given up, by cause

	Commits       int64 // commits that succeeded
	FailedCommits int64
	CommitTime    time.Duration // that all commits took together
	CommitTimes   Histogram     // how long each of them took
	LongestCommit time.Duration
	LastCommit    time.Time // zero before the first one

	// Holds is how often commits were held back, so that SQLite could restart its WAL under readers
	// that overlap, and LongestHold the longest time.
	Holds       int64
	LongestHold time.Duration

	// Trimmed is how many rows the size cap has deleted before their age, by tier. All but those of
	// Hour remain in the next tier.
	Trimmed TierRows

	DiskFull bool // the last commit, checkpoint or step of maintenance found no room

	Passes     int64     // passes of maintenance that have ended
	LastPass   Report    // of the last one of them
	Maintained time.Time // when one has last ended without error, zero before the first

	Quarantines int64      // damaged files that were moved aside
	Salvage     SalvageRun // of a damaged file that is being taken in; its Source is "" while none is

	Unsound  []Unsound // rows that are left out because they are not as they were written
	Unmerged int64     // samples that could not join a bucket, because that is left out

	// ClockDoubt is how far the clock is ahead of what can be explained, 0 while it is believed, and
	// DeletesAgain when deleting goes by the clock again, if that goes on; zero while it does.
	ClockDoubt   time.Duration
	DeletesAgain time.Time

	LastError   error // the last failure of a commit or a step, nil when there was none
	LastErrorAt time.Time
}

// Refused counts samples that could not be stored, by cause.
type Refused struct {
	Value       int64 // ErrValue
	Ahead       int64 // ErrAhead
	TooOld      int64 // ErrTooOld
	Aggregation int64 // ErrAggregation
	Series      int64 // ErrSeries
	TooMany     int64 // ErrTooManySeries
	Damaged     int64 // ErrSeriesDamaged
}

// Total returns how many samples were refused.
func (r Refused) Total() int64 {
	return r.Value + r.Ahead + r.TooOld + r.Aggregation + r.Series + r.TooMany + r.Damaged
}

// Dropped counts samples that were given up, by cause.
type Dropped struct {
	QueueFull int64 // newer samples needed their room
	Closed    int64 // recorded after the close
}

func (w *WriterStatus) count(outcome repo.Outcome) {
	if outcome.Taken() && outcome != repo.Duplicate {
		w.Accepted++
	}
	switch outcome {
	case repo.Stored:
	case repo.StoredLate:
		w.Late++
	case repo.Duplicate:
		w.Duplicate++
	case repo.RefusedValue:
		w.Refused.Value++
	case repo.RefusedAhead:
		w.Refused.Ahead++
	case repo.RefusedOld:
		w.Refused.TooOld++
	case repo.RefusedAggregation:
		w.Refused.Aggregation++
	case repo.RefusedSeries:
		w.Refused.TooMany++
	case repo.RefusedDamaged:
		w.Refused.Damaged++
	}
}
