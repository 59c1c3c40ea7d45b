package repo

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// Snapshot is one consistent view of a file. It holds a connection, and the WAL from being reset,
// until it is closed or has been open for too long, as ErrReadTooLong says. It is for one
// goroutine.
type Snapshot struct {
	Tiers  Tiers
	Series []SeriesInfo // in the order of their first samples, and not to be changed: views share them

	path     string
	time     *readTime
	tx       *sql.Tx
	q        *db.Queries
	turns    turns
	unsound  *seal.Log
	cache    *seriesCache
	spare    *sparePages
	rolledUp Micros // newest sample that has been rolled up, of any series
}

// SeriesInfo is what the file says of a series.
type SeriesInfo struct {
	ID          int64
	Key         Key
	Aggregation Aggregation

	rolledUp Newest // of what has been rolled up; the zero one if nothing has
}

// Snapshot opens a view of the file as it is now. It blocks while all connections are in use.
//
// Errors, here and of all that is asked of the view: that of ctx, ErrReadTooLong, ErrOtherName,
// ErrBusy where the file has no index and was written meanwhile, ErrDamaged, and those of the file
// system.
func (r *Reader) Snapshot(ctx context.Context) (*Snapshot, error) {
	limit := newReadTime(ctx)
	tx, err := r.pool.BeginTx(limit.ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		limit.end()
		return nil, sqlite.Failure(ctx, "read", r.path, err)
	}
	limit.begin(r.path, r.crowded)
	s := &Snapshot{
		path: r.path, time: limit, tx: tx, q: db.New(r.pool.In(tx)),
		turns: r.turns, unsound: r.unsound, cache: &r.cache, spare: &r.spare,
	}
	if err := s.load(s.Context()); err != nil {
		err = sqlite.Failure(s.Context(), "read", r.path, err)
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Context is the context of the view, which ends with its time: what is asked of the view is asked
// with this one.
func (s *Snapshot) Context() context.Context { return s.time.ctx }

func (s *Snapshot) load(ctx context.Context) error {
	var lost lostTiers
	var err error
	if s.Tiers, lost, err = readTiers(ctx, s.q); err != nil {
		return err
	}
	if err := s.loadSeries(ctx); err != nil {
		return err
	}
	if lost.any() {
		if err := s.workOut(ctx, lost, lost.ages(s.Tiers, Ages{})); err != nil {
			return err
		}
	}
	for _, tier := range s.Tiers {
		s.unsound.Forget(tier.Granularity.String(), int64(tier.Floor))
	}
	return nil
}

func (s *Snapshot) loadSeries(ctx context.Context) error {
	sums, err := s.q.SumSeries(ctx)
	if err != nil {
		return err
	}
	var ok bool
	if s.Series, s.rolledUp, ok = s.cache.get(sums); ok {
		return nil
	}
	if err := s.readSeries(ctx); err != nil {
		return err
	}
	s.cache.put(sums, s.Series, s.rolledUp)
	return nil
}

func (s *Snapshot) readSeries(ctx context.Context) error {
	rows, err := listSeries(ctx, s.q)
	if err != nil {
		return err
	}
	s.Series = make([]SeriesInfo, 0, len(rows))
	s.rolledUp = math.MinInt64
	for _, row := range rows {
		info := SeriesInfo{
			ID:          row.ID,
			Key:         Key{MetricName: row.MetricName, WANName: row.WanName, Labels: row.Labels},
			Aggregation: Aggregation(row.Aggregation),
		}
		if row.NewestTs >= 0 {
			info.rolledUp = Newest{SeriesID: row.ID, TS: Micros(row.NewestTs), Value: row.NewestValue}
			s.rolledUp = max(s.rolledUp, info.rolledUp.TS)
		}
		s.Series = append(s.Series, info)
	}
	return nil
}

// look opens a view for f, and closes it.
func (r *Reader) look(
	ctx context.Context, operation string, f func(context.Context, *Snapshot) error,
) error {
	s, err := r.Snapshot(ctx)
	if err != nil {
		return err
	}
	err = sqlite.Failure(s.Context(), operation, r.path, f(s.Context(), s))
	return errors.Join(err, s.Close())
}

// Close ends the view. A second call does nothing.
//
// Errors: ErrOtherName, where the file was opened for writing under another name meanwhile, so that
// what was read need not fit together.
func (s *Snapshot) Close() error {
	err := sqlite.EndReading(s.tx)
	s.time.end()
	return sqlite.Failure(context.Background(), "read", s.path, err)
}
