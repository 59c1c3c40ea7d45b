package service

import (
	"context"

	"github.com/wanstore/wanstore/repo"
)

// FileStatus is the state of a history file.
type FileStatus struct {
	repo.FileStatus

	// Unsound is what is left out because it is not as it was written.
	Unsound []Unsound
}

// TierStatus is the state of one tier of a history file.
type TierStatus = repo.TierStatus

// FileSize is how much there is of a history file.
type FileSize = repo.Size

// Size returns the size of the file. Unlike Status it costs the same however much history there is.
//
// Errors: as for Status.
func (h *History) Size(ctx context.Context) (FileSize, error) { return h.reader.Size(ctx) }

// Status looks through the whole file and returns its state: it takes about a second for each
// hundred megabytes.
//
// Errors: ErrReadTooLong, ErrOtherName, ErrDamaged, those of the file system, and that of ctx.
func (h *History) Status(ctx context.Context) (FileStatus, error) {
	status, err := h.reader.Status(ctx)
	return FileStatus{status, unsoundOf(status.Unsound)}, err
}
