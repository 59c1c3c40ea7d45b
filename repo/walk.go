package repo

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/functions"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// A step of a walk looks at so many rows, or blocks, which have hundreds of samples.
const (
	walkRows   = 10_000
	walkBlocks = 1000
)

// Walk is the state of a walk over all rows, to find those that are not sound. The zero value
// begins.
type Walk struct {
	table int // of walked
	after functions.Key
	// as many rows as a step has are looked at, for a bucket with more states than that; 0 is once
	times int64
	found *seal.Log
}

// looker looks at the rows of a table behind a key.
type looker struct {
	table string
	rows  int64
	look  func(ctx context.Context, q *db.Queries, after functions.Key, rows int64) (string, error)
}

// walked are the tables that are walked in steps.
var walked = [...]looker{
	{"raw_blocks", walkBlocks,
		func(ctx context.Context, q *db.Queries, after functions.Key, rows int64) (string, error) {
			return q.LookAtBlocks(ctx, db.LookAtBlocksParams{AfterID: after.IDs[0], MaxRows: rows})
		}},
	{"raw_samples", walkRows,
		func(ctx context.Context, q *db.Queries, after functions.Key, rows int64) (string, error) {
			return q.LookAtSamples(ctx,
				db.LookAtSamplesParams{Ts: after.IDs[0], SeriesID: after.IDs[1], MaxRows: rows})
		}},
	{"rollups", walkRows,
		func(ctx context.Context, q *db.Queries, after functions.Key, rows int64) (string, error) {
			return q.LookAtRollups(ctx, db.LookAtRollupsParams{
				Granularity: after.Granularity, SeriesID: after.IDs[0], Ts: after.IDs[1], MaxRows: rows,
			})
		}},
	{"sketches", walkRows,
		func(ctx context.Context, q *db.Queries, after functions.Key, rows int64) (string, error) {
			return q.LookAtSketches(ctx,
				db.LookAtSketchesParams{AfterID: after.IDs[0], MaxRows: rows})
		}},
	{"state_rollups", walkRows,
		func(ctx context.Context, q *db.Queries, after functions.Key, rows int64) (string, error) {
			return q.LookAtStateRollups(ctx, db.LookAtStateRollupsParams{
				Granularity: after.Granularity, SeriesID: after.IDs[0], Ts: after.IDs[1], Value: after.Value,
				MaxRows: rows,
			})
		}},
}

// firstKey comes before the key of any row.
var firstKey = functions.Key{IDs: [2]int64{math.MinInt64, math.MinInt64}, Value: -math.MaxFloat64}

// Walk does one step of a walk over all rows, and says whether there is more to look at. Its first
// step mends what it can. When it has ended, Unsound is what it has found, and nothing that was
// found before.
//
// Errors: ErrBusy, ErrDiskFull, ErrDamaged, and those of the file system.
func (w *Writer) Walk(ctx context.Context, walk *Walk) (more bool, err error) {
	if err := w.missing(); err != nil {
		return false, sqlite.Failure(ctx, "look through", w.path, err)
	}
	next := *walk
	if walk.found == nil {
		next = Walk{after: firstKey, found: new(seal.Log)}
		err = w.mend(ctx)
	}
	if err == nil {
		err = w.unsound.Follow(next.found, func() error {
			more, err = next.step(ctx, w.q)
			return err
		})
	}
	if err != nil {
		return false, sqlite.Failure(ctx, "look through", w.path, err)
	}
	if !more {
		w.unsound.Become(next.found)
		next = Walk{}
	}
	*walk = next
	return more, nil
}

// mend mends what can be worked out again.
func (w *Writer) mend(ctx context.Context) error {
	if err := w.mendSeries(ctx); err != nil {
		return err
	}
	return sqlite.Immediately(ctx, w.conn, func() error {
		_, err := w.tiers(ctx)
		return err
	})
}

// step looks at some rows of a table or, at the end, at the tables of which there are few.
func (w *Walk) step(ctx context.Context, q *db.Queries) (more bool, err error) {
	if w.table == len(walked) {
		return false, lookAtFew(ctx, q)
	}
	table := walked[w.table]
	rows := table.rows * max(w.times, 1)
	text, err := table.look(ctx, q, w.after, rows)
	if err != nil {
		return false, err
	}
	var looked functions.Looked
	if err := json.Unmarshal([]byte(text), &looked); err != nil {
		return false, fmt.Errorf("rows of %s: %w", table.table, err)
	}
	if looked.Disorder {
		return false, errDisorder(table.table)
	}
	switch {
	case looked.Cut:
		w.times = 2 * max(w.times, 1)
	case looked.Rows < rows, looked.Last.Compare(w.after) <= 0: // a damaged key leads nowhere
		w.table, w.after, w.times = w.table+1, firstKey, 0
	default:
		w.after, w.times = looked.Last, 0
	}
	return true, nil
}

// lookAtFew reads the other tables as they are always read.
func lookAtFew(ctx context.Context, q *db.Queries) error {
	if _, err := q.ListSeries(ctx); err != nil {
		return err
	}
	if _, err := q.ListTiers(ctx); err != nil {
		return err
	}
	if _, err := q.ListImports(ctx); err != nil {
		return err
	}
	_, err := readClock(ctx, q)
	return err
}

// walk looks at all rows.
func (s *Snapshot) walk(ctx context.Context) ([]Unsound, error) {
	walk := Walk{after: firstKey, found: new(seal.Log)}
	err := s.unsound.Follow(walk.found, func() error {
		for {
			if more, err := walk.step(ctx, s.q); err != nil || !more {
				return err
			}
		}
	})
	return unsoundOf(walk.found), err
}
