package repo

import (
	"bytes"
	"context"
	"errors"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// InUse says that somebody has the damaged file open, which then must not be removed.
//
// Errors: ErrBusy, and those of the file system.
func (s *Salvage) InUse() error {
	l, err := ownUnused(s.Source)
	return sqlite.Failure(context.Background(), "remove", s.Source, errors.Join(err, l.Close()))
}

// Remove removes the damaged file, with what lies beside it under its name, once all of it has been
// taken. One that somebody has open, or has written to since it was read, stays.
//
// Errors: ErrBusy, those of the file system, and that of ctx.
func (s *Salvage) Remove(ctx context.Context) error {
	return sqlite.Failure(ctx, "remove", s.Source, s.remove(ctx))
}

func (s *Salvage) remove(ctx context.Context) (err error) {
	l, err := ownUnused(s.Source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	hash, err := disk.Hash(ctx, s.Source)
	if err != nil {
		return err
	}
	if !bytes.Equal(hash, s.hash) {
		return busy("somebody has written to it since it was read: salvage it once more", nil)
	}
	return disk.RemoveQuarantined(s.Source)
}

// ownUnused takes the lock of a history that nobody has open, so that no writer opens it.
func ownUnused(path string) (*disk.Lock, error) {
	l, err := disk.FindLock(path)
	if err != nil {
		return nil, err
	}
	err = l.TryOwn()
	if errors.Is(err, errors.ErrUnsupported) { // no writer has ever had it open, or none locks here
		err = nil
	}
	if errors.Is(err, disk.ErrLocked) || err == nil && disk.IsOpen(path) {
		err = busy("somebody has it open, and it stays: end the programs that use it", nil)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
