package service

import (
	"time"

	"github.com/wanstore/wanstore/repo"
)

// WriterStatus is what a writer has done since it was opened.
type WriterStatus struct {
	QueueDepth    int   // samples that wait
	QueueCapacity int   // samples that may wait
	Accepted      int64 // samples that are in the file, late ones among them
	// samples that came after their bucket had been rolled up, and were merged into it
	Late      int64
	Duplicate int64 // samples that were there already
	Refused   Refused
	Dropped   Dropped

	Commits       int64 // commits that succeeded
	FailedCommits int64
	CommitTime    time.Duration // of all commits together
	CommitTimes   Histogram     // how long each of them took
	LongestCommit time.Duration
	LastCommit    time.Time // zero before the first one

	// Holds is how often commits were held back so that SQLite could restart its WAL under readers
	// that overlap, and LongestHold for how long at most.
	Holds       int64
	LongestHold time.Duration

	// Trimmed is how many rows the size cap has deleted before their age, by tier. All but those of
	// Hour remain in the next tier.
	Trimmed TierRows

	DiskFull bool // the last commit, checkpoint or step of maintenance found no room

	Passes     int64     // passes of maintenance that ended
	LastPass   Report    // of the last one
	Maintained time.Time // when one last ended without error, zero before the first

	Quarantines int64      // damaged files that were moved aside
	Salvage     SalvageRun // of a damaged file that is being taken in; its Source is "" while none is

	Unsound  []Unsound // what is left out because it is not as it was written
	Unmerged int64     // samples that could not join a bucket, because that is not

	// how far the clock is ahead of what can be explained, 0 while it is believed
	ClockDoubt time.Duration
	// when deleting goes by the clock again, if that goes on; zero while it is believed
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

// Total is how many samples were refused.
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
