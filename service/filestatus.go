package service

import (
	"context"
	"time"

	"github.com/wanstore/wanstore/repo"
)

// FileStatus is the state of a history file.
type FileStatus struct {
	FileSize
	SchemaVersion int // of the file format
	Tiers         [Hour + 1]TierStatus
	Clock         FileClock
	// Check is "ok", or the first thing that SQLite's integrity check has found in the history.
	Check string
	// Unsound is what is left out because it is not as it was written.
	Unsound []Unsound
}

// TierStatus is the state of one tier of a history file.
type TierStatus struct {
	Granularity Granularity
	// Watermark is the moment up to which the tier is complete: everything before it has been
	// rolled up. It is zero before the first roll-up, and of no use for Raw.
	Watermark time.Time
	// Floor is where the tier begins: rows before it do not count any more. It is zero while the
	// tier has let go of nothing.
	Floor time.Time
	// Keep is the age at which the tier lets go of a row. That of Hour is the retention of the
	// file, and holds for the other tiers as well where it is less.
	Keep time.Duration
	Rows int64 // from the floor on
	// First and Last are the moments of the first and of the last row, zero where there are none.
	First, Last time.Time
}

// FileClock is what a file knows of the clock that ages are counted from. A moment that there is
// not is zero.
type FileClock struct {
	Trusted time.Time // the latest moment that deleting has gone by
	Doubted time.Time // what the clock said when it was first found ahead of what can be explained
	Seen    time.Time // what the clock said when it was last judged
}

// FileSize is the size of a history file.
type FileSize struct {
	FileBytes int64 // without the WAL
	WALBytes  int64
	FreeBytes int64 // inside the file, for what is recorded next
	Series    int   // that the file knows
}

// Size returns the size of the file. Unlike Status it costs the same however much history there is.
//
// Errors: as for Status.
func (h *History) Size(ctx context.Context) (FileSize, error) {
	size, err := h.reader.Size(ctx)
	return FileSize(size), err
}

// Status looks through the whole file and returns its state: it takes about a second for each
// hundred megabytes.
//
// Errors: ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of ctx.
func (h *History) Status(ctx context.Context) (FileStatus, error) {
	read, err := h.reader.Status(ctx)
	status := FileStatus{
		FileSize:      FileSize(read.Size),
		SchemaVersion: read.SchemaVersion,
		Clock: FileClock{
			Trusted: moment(read.Clock.Trusted),
			Doubted: moment(read.Clock.Doubted),
			Seen:    moment(read.Clock.Seen),
		},
		Check:   read.Check,
		Unsound: unsoundOf(read.Unsound),
	}
	for g, tier := range read.Tiers {
		status.Tiers[g] = tierStatus(tier)
	}
	return status, err
}

func tierStatus(read repo.TierStatus) TierStatus {
	tier := TierStatus{
		Granularity: Granularity(read.Granularity),
		Floor:       moment(read.Floor),
		Keep:        read.Keep,
		Rows:        read.Rows,
	}
	if tier.Granularity != Raw {
		tier.Watermark = moment(read.Watermark)
	}
	if read.Rows > 0 {
		tier.First, tier.Last = read.First.Time(), read.Last.Time()
	}
	return tier
}
