package service

import (
	"errors"
	"fmt"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// What can be wrong with a file. All are found with errors.Is.
var (
	ErrNoPath      = repo.ErrNoPath
	ErrMissing     = repo.ErrMissing
	ErrEmpty       = repo.ErrEmpty
	ErrDirectory   = repo.ErrDirectory
	ErrNotDatabase = repo.ErrNotDatabase
	ErrForeign     = repo.ErrForeign
	ErrTooNew      = repo.ErrTooNew
	ErrDamaged     = repo.ErrDamaged
	ErrIncomplete  = repo.ErrIncomplete
	ErrInterrupted = repo.ErrInterrupted
	ErrOtherName   = repo.ErrOtherName
	ErrBusy        = repo.ErrBusy
	ErrDiskFull    = repo.ErrDiskFull
	ErrMountGone   = repo.ErrMountGone
)

// What can be wrong with a sample or its series. All are found with errors.Is.
var (
	// ErrName says that the name of a metric, WAN or label breaks a rule, or a text that describes
	// a metric.
	ErrName = errors.New("bad name")
	// ErrAggregation says that a metric is declared otherwise than it is known.
	ErrAggregation = repo.ErrAggregation
	// ErrSeries says that a sample has no series, or one of another writer.
	ErrSeries = errors.New("not a series of this writer: want one that its Series method has returned")
	// ErrValue says that a value is not finite, or beyond ±MaxValue.
	ErrValue = errors.New("not a finite number within the limits")
	// ErrAhead says that a sample is later than the clock by more than MaxAhead.
	ErrAhead = errors.New("too far in the future")
	// ErrTooOld says that a sample is older than everything that the file keeps.
	ErrTooOld = errors.New("older than anything that the file keeps")
	// ErrSeriesDamaged says that what the file says of a series is damaged, and could not be
	// mended.
	ErrSeriesDamaged = errors.New("the series is damaged in the file")
	// ErrDropped says that a full queue gave the sample up for newer ones.
	ErrDropped = errors.New("dropped from a full queue")
	// ErrClosed says that the writer has been closed.
	ErrClosed = errors.New("the writer is closed")
)

// MaxAhead is how far a sample may be ahead of the clock.
const MaxAhead = time.Minute

// MaxValue is the largest magnitude of a value.
const MaxValue float64 = repo.MaxValue

// SampleError says why one sample was not stored.
type SampleError struct {
	Sample Sample
	// ErrValue, ErrAhead, ErrTooOld, ErrAggregation, ErrTooManySeries, ErrSeriesDamaged,
	// ErrSeries, ErrDropped, ErrClosed
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
