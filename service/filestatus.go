package service

import (
	"context"

	"github.com/wanstore/wanstore/repo"
)

// FileStatus is the state of a history file.
type FileStatus = repo.FileStatus

// TierStatus is the state of one tier of a history file.
type TierStatus = repo.TierStatus

// Status looks through the whole file and returns its state: it takes about a second for each hundred megabytes.
//
// Errors: ErrDamaged, those of the file system, and that of ctx.
func (h *History) Status(ctx context.Context) (FileStatus, error) { return h.reader.Status(ctx) }
