package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	olddb "github.com/wanstore/wanstore/db/old"
)

// copyBatch is how many rows are copied at a time: in between progress is told.
const copyBatch = 10_000

// copying copies rows from a file to the new one that is attached to its connection.
type copying struct {
	ctx   context.Context //nolint:containedctx // of one call of copyHistory
	q     *olddb.Queries
	steps *steps
	rows  int64
}

// copyHistory copies all tables of a file of the given version. Without its four tiers nobody could
// tell which samples are in the buckets already: that is damage.
func copyHistory(ctx context.Context, conn *sql.Conn, version int, steps *steps) (*Rebuilt, error) {
	c := &copying{ctx: ctx, q: olddb.New(conn), steps: steps}
	tiers, err := c.q.CopyTiers(ctx)
	if err != nil {
		return nil, err
	}
	if tiers != tierCount {
		return nil, fmt.Errorf("%w: %d tiers, want %d", ErrDamaged, tiers, tierCount)
	}
	if version > 1 { // the first one had no such table
		if _, err := c.q.CopyClock(ctx); err != nil {
			return nil, err
		}
	}
	all, err := c.q.CountOld(ctx)
	if err != nil {
		return nil, err
	}
	total := all.Series + all.RawSamples + all.Rollups + all.StateRollups + all.Imports
	steps.begin(total)
	err = errors.Join(c.add(c.q.CopySeries(ctx)), c.add(c.q.CopyImports(ctx)))
	if err == nil {
		err = c.samples(all.RawSamples)
	}
	if err == nil {
		err = c.rollups(all.Rollups)
	}
	if err == nil {
		err = c.states(all.StateRollups)
	}
	return &Rebuilt{Version: version, Rows: c.rows, LeftOut: total - c.rows}, err
}

func (c *copying) add(rows int64, err error) error {
	c.rows += rows
	c.steps.copied(rows)
	return err
}

func (c *copying) samples(rows int64) error {
	type key = olddb.NthOldSampleRow
	first, last := key{Ts: math.MinInt64}, key{Ts: math.MaxInt64, SeriesID: math.MaxInt64}
	return inBatches(rows, first, last,
		func(k key) (key, error) {
			return c.q.NthOldSample(c.ctx, olddb.NthOldSampleParams{
				Ts: k.Ts, SeriesID: k.SeriesID, Nth: copyBatch - 1,
			})
		},
		func(after, k key) error {
			return c.add(c.q.CopySamples(c.ctx, olddb.CopySamplesParams{
				AfterTs: after.Ts, AfterSeriesID: after.SeriesID, Ts: k.Ts, SeriesID: k.SeriesID,
			}))
		})
}

// beyondText comes after any text that is a granularity.
const beyondText = "\U0010ffff"

func (c *copying) rollups(rows int64) error {
	type key = olddb.NthOldRollupRow
	return inBatches(rows, key{}, key{Granularity: beyondText},
		func(k key) (key, error) {
			return c.q.NthOldRollup(c.ctx, olddb.NthOldRollupParams{
				Granularity: k.Granularity, SeriesID: k.SeriesID, Ts: k.Ts, Nth: copyBatch - 1,
			})
		},
		func(after, k key) error {
			return c.add(c.q.CopyRollups(c.ctx, olddb.CopyRollupsParams{
				AfterGranularity: after.Granularity, AfterSeriesID: after.SeriesID,
				AfterTs: after.Ts, Granularity: k.Granularity, SeriesID: k.SeriesID, Ts: k.Ts,
			}))
		})
}

func (c *copying) states(rows int64) error {
	type key = olddb.NthOldStateRow
	return inBatches(rows, key{}, key{Granularity: beyondText},
		func(k key) (key, error) {
			return c.q.NthOldState(c.ctx, olddb.NthOldStateParams{
				Granularity: k.Granularity, SeriesID: k.SeriesID, Ts: k.Ts, Value: k.Value,
				Nth: copyBatch - 1,
			})
		},
		func(after, k key) error {
			return c.add(c.q.CopyStates(c.ctx, olddb.CopyStatesParams{
				AfterGranularity: after.Granularity, AfterSeriesID: after.SeriesID,
				AfterTs: after.Ts, AfterValue: after.Value,
				Granularity: k.Granularity, SeriesID: k.SeriesID, Ts: k.Ts, Value: k.Value,
			}))
		})
}

// inBatches copies a table from key to key. Damage may have put keys out of order, so no more
// batches are asked for than there can be.
func inBatches[K any](
	rows int64, first, last K, nth func(K) (K, error), copyRows func(after, until K) error,
) error {
	after := first
	for range rows / copyBatch {
		until, err := nth(after)
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err == nil {
			err = copyRows(after, until)
		}
		if err != nil {
			return err
		}
		after = until
	}
	return copyRows(after, last)
}

// steps tells how far a rebuild has come: the one half is to copy the rows, the other to write the
// pages.
type steps struct {
	show       Progress // nil for nobody
	rows, done int64
}

func (s *steps) begin(rows int64) {
	s.rows = max(rows, 1)
	s.tell(0)
}

func (s *steps) copied(rows int64) {
	s.done += rows
	s.tell(s.done)
}

func (s *steps) poured(pages, of int) { s.tell(s.rows + s.rows*int64(pages)/int64(max(of, 1))) }

func (s *steps) tell(done int64) {
	if s.show != nil {
		s.show(done, 2*s.rows)
	}
}
