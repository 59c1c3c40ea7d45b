package service

import (
	"context"

	"github.com/wanstore/wanstore/repo/wanctl"
)

var (
	// ErrNotWanctl says that a database has no table metrics as wanctl makes it.
	ErrNotWanctl = wanctl.ErrNotWanctl
	// ErrWanctlSlow says that a question to a database of wanctl was not answered in time.
	ErrWanctlSlow = wanctl.ErrSlow
	// ErrOpened says that somebody has begun to write a database that nobody was using.
	ErrOpened = wanctl.ErrOpened
)

// MaxSecond is the Unix second at which the year 10000 begins.
const MaxSecond = wanctl.MaxSecond

// Wanctl is one consistent view of a database that wanctl has written, and may be writing.
type Wanctl = wanctl.View

// WanctlRow is a row of a database of wanctl.
type WanctlRow = wanctl.Row

// OpenWanctl opens a view of the database at path as it is now.
//
// Errors: ErrNoPath, ErrMissing, ErrDirectory, ErrNotDatabase, ErrNotWanctl, ErrBusy, ErrDamaged,
// and those of the file system.
func OpenWanctl(ctx context.Context, path string) (*Wanctl, error) {
	return wanctl.Open(ctx, path)
}
