package repo

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// Size is how much there is of a file.
type Size struct {
	FileBytes int64
	WALBytes  int64
	FreeBytes int64 // inside the file, for what is recorded next
	Series    int
}

// Size returns the size of the file. It looks at the header of the file and its series, however
// much history there is.
//
// Errors: that of ctx, ErrReadTooLong, ErrOtherName, ErrDamaged, and those of the file system.
func (r *Reader) Size(ctx context.Context) (size Size, err error) {
	err = r.look(ctx, "read the size of", func(ctx context.Context, s *Snapshot) error {
		size, err = s.size(ctx)
		return err
	})
	return size, err
}

func (s *Snapshot) size(ctx context.Context) (Size, error) {
	size := Size{
		FileBytes: disk.Size(s.path),
		WALBytes:  disk.Size(s.path + "-wal"),
		Series:    len(s.Series),
	}
	pages, err := readPages(ctx, s.tx)
	if err != nil {
		return size, err
	}
	bytes, err := sqlite.PragmaInt(ctx, s.tx, "page_size")
	size.FreeBytes = int64(pages.free) * int64(bytes)
	return size, err
}

// Backlog returns how much time there is between the first and the last raw sample that has not
// been rolled up. It reads the list of series, and takes two seeks.
//
// Errors: as for Size.
func (r *Reader) Backlog(ctx context.Context) (backlog time.Duration, err error) {
	err = r.look(ctx, "read the backlog of", func(ctx context.Context, s *Snapshot) error {
		backlog, err = s.backlog(ctx)
		return err
	})
	return backlog, err
}

func (s *Snapshot) backlog(ctx context.Context) (time.Duration, error) {
	from := max(s.Tiers[Minute].Watermark, s.Tiers[Raw].Floor)
	parts, list, err := listParts(ctx, s.q)
	if err != nil {
		return 0, err
	}
	first, err := firstRaw(ctx, s.q, parts, from)
	if err != nil || first < 0 {
		return 0, err
	}
	last, err := lastRaw(ctx, s.q, list, from)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return max(last.Sub(first), 0), err
}
