package repo

import (
	"context"
	"errors"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// ErrPushLocked reports that another process sends the history to the same target.
var ErrPushLocked = errors.New("another process sends it there already")

// PushLock lets one process at a time send a history to a target.
type PushLock struct{ *disk.PushLock }

// LockPush takes the lock of the history at path and a target. The system gives it up when the
// process ends, however it does.
//
// Errors: ErrPushLocked, and those of the file system.
func LockPush(ctx context.Context, path, target string) (*PushLock, error) {
	lock, err := disk.TakePushLock(path, target)
	if errors.Is(err, disk.ErrLocked) {
		err = ErrPushLocked
	}
	if err != nil {
		return nil, sqlite.Failure(ctx, "push", path, err)
	}
	return &PushLock{lock}, nil
}
