package service

import (
	"context"

	"github.com/wanstore/wanstore/repo"
)

var (
	// ErrNotWanctl says that a database has no table metrics as wanctl makes it.
	ErrNotWanctl = repo.ErrNotWanctl
	// ErrWanctlSlow says that a question to a database of wanctl was not answered in time.
	ErrWanctlSlow = repo.ErrWanctlSlow
	// ErrOpened says that somebody has begun to write a database that nobody was using.
	ErrOpened = repo.ErrOpened
)

// MaxSecond is the Unix second at which the year 10000 begins.
const MaxSecond = repo.MaxSecond

// Wanctl is one consistent view of a database that wanctl has written, and may be writing.
type Wanctl = repo.Wanctl

// WanctlRow is a row of a database of wanctl.
type WanctlRow = repo.WanctlRow

// OpenWanctl opens a view of the database at path as it is now.
//
// Errors: ErrNoPath, ErrMissing, ErrDirectory, ErrNotDatabase, ErrNotWanctl, ErrBusy, ErrDamaged,
// and those of the file system.
func OpenWanctl(ctx context.Context, path string) (*Wanctl, error) {
	return repo.OpenWanctl(ctx, path)
}
