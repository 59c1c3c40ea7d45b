package repo

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// Newest is the newest sample of a series.
type Newest struct {
	SeriesID int64
	TS       Micros
	Value    float64
}

// Newest returns the newest sample of every series of which the file still holds anything, in the
// order of their ids.
//
// Errors: that of ctx, ErrReadTooLong, ErrOtherName, ErrDamaged, and those of the file system.
func (s *Snapshot) Newest(ctx context.Context) ([]Newest, error) {
	recent, err := s.newestRaw(ctx, max(s.Tiers[Minute].Watermark, s.Tiers[Raw].Floor))
	if err != nil {
		return nil, sqlite.Failure(ctx, "read", s.path, err)
	}
	newest := make(map[int64]Newest, len(s.Series))
	for _, series := range s.Series {
		if series.rolledUp.SeriesID != 0 && series.rolledUp.TS >= s.Tiers.LowestFloor() {
			newest[series.ID] = series.rolledUp
		}
	}
	for _, one := range recent {
		if was, ok := newest[one.SeriesID]; !ok || one.TS > was.TS {
			newest[one.SeriesID] = one
		}
	}
	list := make([]Newest, 0, len(newest))
	for _, one := range newest {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Newest) int { return cmp.Compare(a.SeriesID, b.SeriesID) })
	return list, nil
}

// newestRaw returns the newest samples that blocks have of each series from a moment on, and those
// of rows.
func (s *Snapshot) newestRaw(ctx context.Context, from Micros) ([]Newest, error) {
	var list []Newest
	_, parts, err := listParts(ctx, s.q)
	if err != nil {
		return nil, err
	}
	first, _ := reach(span{from: from})
	inBlocks, err := s.q.ListNewestInBlocks(ctx, db.ListNewestInBlocksParams{
		FromTs: int64(from), Parts: parts, First: first, Last: partKeys,
	})
	if err != nil {
		return nil, err
	}
	for _, row := range inBlocks {
		list = append(list, Newest{SeriesID: row.SeriesID, TS: Micros(row.Ts), Value: row.Value})
	}
	inRows, err := s.q.ListNewestSamples(ctx, int64(from))
	for _, row := range inRows {
		list = append(list, Newest{SeriesID: row.SeriesID, TS: Micros(row.Ts), Value: row.Value})
	}
	return list, err
}

// NewestMoment returns the moment of the newest sample of the file, of whatever series; in a file
// without any the beginning of time. It costs one seek.
//
// Errors: as for Newest.
func (s *Snapshot) NewestMoment(ctx context.Context) (Micros, error) {
	_, parts, err := listParts(ctx, s.q)
	if err != nil {
		return 0, sqlite.Failure(ctx, "read", s.path, err)
	}
	last, err := lastRaw(ctx, s.q, parts, s.Tiers[Raw].Floor)
	if errors.Is(err, sql.ErrNoRows) {
		return s.rolledUp, nil
	}
	return max(last, s.rolledUp), sqlite.Failure(ctx, "read", s.path, err)
}
