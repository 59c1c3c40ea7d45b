package repo

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
)

// Newest is the newest sample of a series.
type Newest struct {
	SeriesID int64
	TS       Micros
	Value    float64
}

// Newest returns the newest sample of every series of which the file still holds anything, in the order of their ids.
//
// Errors: that of ctx, ErrReadTooLong, ErrDamaged, and those of the file system.
func (s *Snapshot) Newest(ctx context.Context) ([]Newest, error) {
	recent, err := s.q.ListNewestSamples(ctx, int64(max(s.Tiers[Minute].Watermark, s.Tiers[Raw].Floor)))
	if err != nil {
		return nil, failure(ctx, "read", s.path, err)
	}
	newest := make(map[int64]Newest, len(s.Series))
	for _, series := range s.Series {
		if series.rolledUp.SeriesID != 0 && series.rolledUp.TS >= s.Tiers.LowestFloor() {
			newest[series.ID] = series.rolledUp
		}
	}
	for _, row := range recent {
		newest[row.SeriesID] = Newest{SeriesID: row.SeriesID, TS: Micros(row.Ts), Value: row.Value}
	}
	list := make([]Newest, 0, len(newest))
	for _, one := range newest {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Newest) int { return cmp.Compare(a.SeriesID, b.SeriesID) })
	return list, nil
}

// NewestMoment returns the moment of the newest sample of the file, of whatever series; in a file without any the beginning
// of time. It costs one seek.
//
// Errors: as for Newest.
func (s *Snapshot) NewestMoment(ctx context.Context) (Micros, error) {
	last, err := s.q.LastSampleTime(ctx, int64(s.Tiers[Raw].Floor))
	if errors.Is(err, sql.ErrNoRows) {
		return s.rolledUp, nil
	}
	return max(Micros(last), s.rolledUp), failure(ctx, "read", s.path, err)
}
