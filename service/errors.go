package service

import (
	"errors"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// What can be wrong with a file. All are found with errors.Is, and the message names the file.
var (
	// ErrNoPath reports an empty path.
	ErrNoPath = repo.ErrNoPath
	// ErrMissing reports that there is no file at the path.
	ErrMissing = repo.ErrMissing
	// ErrEmpty reports a file without a byte.
	ErrEmpty = repo.ErrEmpty
	// ErrDirectory reports a directory where a file should be.
	ErrDirectory = repo.ErrDirectory
	// ErrNotDatabase reports a file that is no SQLite database.
	ErrNotDatabase = repo.ErrNotDatabase
	// ErrForeign reports a database that wanstore has not made.
	ErrForeign = repo.ErrForeign
	// ErrTooNew reports a history that a newer version has written.
	ErrTooNew = repo.ErrTooNew
	// ErrIncomplete reports a history that lacks a part, as one does whose dump is being loaded.
	ErrIncomplete = repo.ErrIncomplete
	// ErrInterrupted reports a file whose journal has to be read first, which only a writer does.
	ErrInterrupted = repo.ErrInterrupted
	// ErrDamaged reports a file, or a part of it, that is not as it was written.
	ErrDamaged = repo.ErrDamaged
	// ErrOtherName reports a file that is open for writing under another name. SQLite keeps what is
	// new beside a name, where a process that has opened the file by another one does not look.
	ErrOtherName = repo.ErrOtherName
	// ErrBusy reports that another process has held a lock of the file for too long.
	ErrBusy = repo.ErrBusy
	// ErrDiskFull reports that there was no room to write: the file system, a quota or the limit on
	// the size of files is exhausted.
	ErrDiskFull = repo.ErrDiskFull
	// ErrMountGone reports that the file system of the file is not mounted any more. Nothing is
	// made in its place.
	ErrMountGone = repo.ErrMountGone
)

// What can be wrong with a sample or its series. All are found with errors.Is.
var (
	// ErrName reports a name of a metric, WAN or label, or a text that describes a metric, that
	// breaks a rule.
	ErrName = errors.New("bad name")
	// ErrAggregation reports a metric that is declared with another aggregation than is known.
	ErrAggregation = repo.ErrAggregation
	// ErrSeries reports a sample that has no series, or one of another writer.
	ErrSeries = errors.New("not a series of this writer: want one that its Series method has returned")
	// ErrValue reports a value that is not finite, or beyond ±MaxValue.
	ErrValue = errors.New("not a finite number within the limits")
	// ErrAhead reports a sample that is later than the clock by more than MaxAhead.
	ErrAhead = errors.New("too far in the future")
	// ErrTooOld reports a sample that is older than everything that the file keeps.
	ErrTooOld = errors.New("older than anything that the file keeps")
	// ErrSeriesDamaged reports a series that is damaged in the file, and could not be mended.
	ErrSeriesDamaged = errors.New("the series is damaged in the file")
	// ErrDropped reports a sample that a full queue has given up for newer ones.
	ErrDropped = errors.New("dropped from a full queue")
	// ErrClosed reports that the writer has been closed.
	ErrClosed = errors.New("the writer is closed")
)

// MaxAhead is how far the time of a sample may be ahead of the clock.
const MaxAhead = time.Minute

// MaxValue is the largest magnitude of a value, 1e290.
const MaxValue float64 = repo.MaxValue

// SampleError says why one sample was not stored.
type SampleError struct {
	Sample Sample
	// Err is ErrValue, ErrAhead, ErrTooOld, ErrAggregation, ErrTooManySeries, ErrSeriesDamaged,
	// ErrSeries, ErrDropped, or what has failed the commit.
	Err error
}

// Error names the sample and the reason.
func (e *SampleError) Error() string {
	series := "no series"
	if e.Sample.Series != nil {
		series = e.Sample.Series.String()
	}
	return fmt.Sprintf("sample %v of %s at %s: %v", e.Sample.Value, series,
		e.Sample.Time.UTC().Format(time.RFC3339Nano), e.Err)
}

// Unwrap returns the reason.
func (e *SampleError) Unwrap() error { return e.Err }
