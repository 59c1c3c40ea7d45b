package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wanstore/wanstore/db"
)

// Clock is what a file knows of the clock that ages are counted from. A moment that there is not is
// 0.
type Clock struct {
	// Trusted is the latest moment that deleting has gone by.
	Trusted Micros
	// Doubted is what the clock said when it was first found to be ahead of what can be explained.
	Doubted Micros
	// Seen is what the clock said when it was last judged.
	Seen Micros
}

// JudgeClock replaces what the file knows of the clock by the result of judge. In a file that has
// not been judged yet, judge is given zeros.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) JudgeClock(ctx context.Context, judge func(Clock) Clock) error {
	return w.update(ctx, "judge the clock of", func() error {
		before, err := readClock(ctx, w.q)
		if err != nil {
			return err
		}
		after := judge(before)
		if after == before {
			return nil
		}
		return w.q.SetClock(ctx, db.SetClockParams{
			Trusted: int64(after.Trusted), Doubted: int64(after.Doubted), Seen: int64(after.Seen),
		})
	})
}

func readClock(ctx context.Context, q *db.Queries) (Clock, error) {
	row, err := q.GetClock(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Clock{}, nil // it is damaged, and as if it had not been judged yet
	}
	if err != nil {
		return Clock{}, fmt.Errorf("clock: %w", err)
	}
	return Clock{Trusted: Micros(row.Trusted), Doubted: Micros(row.Doubted), Seen: Micros(row.Seen)},
		nil
}
