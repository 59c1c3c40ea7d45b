package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/disk"
	"github.com/wanstore/wanstore/repo/internal/seal"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
	"github.com/wanstore/wanstore/schema"
)

// maxReaders bounds the connections of a Reader: an idle one holds 0.2 MB, one that has scanned a
// few more.
const maxReaders = 4

// Reader reads a history file through a read-only pool, while others may be writing it. It is safe
// for any number of goroutines.
type Reader struct {
	path string
	pool sqlite.Prepared
	q    *db.Queries // of the pool, to be closed

	turns   turns
	unsound *seal.Log // rows that were left out
	cache   seriesCache
	crowded func() int64 // the size of the WAL from which on views end soon
}

// OpenReader opens the file at path for reading. It makes and changes nothing but, beside a
// history that nobody has open, SQLite's -wal and -shm. Where these cannot be made, on a read-only
// or full file system or in a directory of somebody else, it goes without: what is then read while
// the file is being written ends with ErrBusy.
//
// Errors: ErrNoPath, ErrMissing, ErrEmpty, ErrDirectory, ErrNotDatabase, ErrForeign, ErrIncomplete,
// ErrInterrupted, ErrTooNew, ErrOtherName, ErrDamaged, and those of the file system.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	r, err := openReader(ctx, path)
	if err != nil {
		return nil, sqlite.Failure(ctx, "open", path, err)
	}
	return r, nil
}

func openReader(ctx context.Context, path string) (*Reader, error) {
	if err := disk.CheckFile(path); err != nil {
		return nil, err
	}
	path, err := disk.RealPath(path)
	if err != nil {
		return nil, err
	}
	if err := disk.CheckName(path); err != nil {
		return nil, err
	}
	if err := disk.CheckWALAlone(path); err != nil {
		return nil, err
	}
	if err := disk.CheckHeader(path); err != nil {
		return nil, err
	}
	if err := disk.MakeCompanions(path, false); err != nil {
		return nil, err
	}
	log := new(seal.Log)
	pool, err := sqlite.OpenReaders(path, sqlite.ReaderDSN(path), sqlite.SetUpReader(log))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(maxReaders)
	pool.SetMaxIdleConns(maxReaders)
	if err := foreignWAL(path, recognise(ctx, pool)); err != nil {
		return nil, errors.Join(mendedByWriter(ctx, path, sqlite.ReadingError(path, err)), pool.Close())
	}
	statements := sqlite.NotePrepared(pool)
	q, err := prepare(ctx, statements)
	if err != nil {
		return nil, errors.Join(mendedByWriter(ctx, path, sqlite.ReadingError(path, err)), pool.Close())
	}
	return &Reader{path: path, pool: statements, q: q, turns: newTurns(), unsound: log,
		crowded: func() int64 { return CrowdedWAL }}, nil
}

// recognise lets through what this program can read.
func recognise(ctx context.Context, pool *sql.DB) error {
	id, err := identifyAtOnce(ctx, pool)
	if err != nil {
		return err
	}
	if id.blank() {
		return ErrEmpty
	}
	if err := id.check(); err != nil {
		return err
	}
	if version := id.version(); version < schema.Version {
		return fmt.Errorf("its schema version is %d and this program reads %d: `wanstore maintain --db "+
			"FILE` brings it up to date",
			version, schema.Version)
	}
	return nil
}

// Close closes the file. It waits for snapshots that are open.
func (r *Reader) Close() error {
	return sqlite.Failure(context.Background(), "close", r.path, errors.Join(r.q.Close(), r.pool.Close()))
}

// Path returns the absolute path of the file.
func (r *Reader) Path() string { return r.path }

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
		turns: r.turns, unsound: r.unsound, cache: &r.cache,
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
