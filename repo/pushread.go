package repo

import (
	"context"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// PushTargets returns what the file knows of targets, in the order of their names. An interval that
// is not as it was written is left out: what it has is sent again.
//
// Errors: those of Reader.Snapshot.
func (s *Snapshot) PushTargets(ctx context.Context) ([]PushTarget, error) {
	rows, err := s.q.ListPushTargets(ctx)
	if err != nil {
		return nil, sqlite.Failure(ctx, "read", s.path, err)
	}
	var targets []PushTarget
	for _, row := range rows {
		target := PushTarget{
			Name: row.Target, Revision: row.Revision, Begun: Micros(row.Begun), Report: row.Report,
			Changed: row.Changed,
		}
		if target.Sent, err = s.pushIntervals(ctx, row.Target); err != nil {
			return nil, sqlite.Failure(ctx, "read", s.path, err)
		}
		targets = append(targets, target)
	}
	return targets, nil
}

func (s *Snapshot) pushIntervals(ctx context.Context, target string) ([]PushInterval, error) {
	rows, err := s.q.ListPushIntervals(ctx, target)
	var intervals []PushInterval
	for _, row := range rows {
		g, err := ParseGranularity(row.Granularity)
		if err != nil {
			continue // what a hand has made of a name
		}
		intervals = append(intervals, PushInterval{
			Granularity: g, From: Micros(row.FromTs), Until: Micros(row.UntilTs),
			Sent: Micros(row.Sent), Confirmed: Micros(row.Confirmed), Audits: row.Audits,
		})
	}
	return intervals, err
}

// Unsent returns what a target has to be sent of the hours that begin in [from, until), although an
// interval of its time was sent: oldest first, and no more than so many rows, or all if most is
// negative.
//
// Errors: those of Reader.Snapshot.
func (s *Snapshot) Unsent(
	ctx context.Context, target string, from, until Micros, most int,
) ([]UnsentBuckets, error) {
	rows, err := s.q.ListUnsent(ctx, db.ListUnsentParams{
		Target: target, FromTs: int64(from), UntilTs: int64(until), Rows: int64(most),
	})
	if err != nil {
		return nil, sqlite.Failure(ctx, "read", s.path, err)
	}
	var list []UnsentBuckets
	for _, row := range rows {
		g, err := ParseGranularity(row.Granularity)
		if err != nil {
			continue
		}
		list = append(list, UnsentBuckets{
			Hour: Micros(row.Hour), Granularity: g, SeriesID: row.SeriesID, Minutes: row.Minutes,
		})
	}
	return list, nil
}

// Parked returns what a target does not take of the hours that begin in [from, until), oldest
// first, and no more than so many rows, or all if most is negative.
//
// Errors: those of Reader.Snapshot.
func (s *Snapshot) Parked(
	ctx context.Context, target string, from, until Micros, most int,
) ([]ParkedSamples, error) {
	rows, err := s.q.ListParked(ctx, db.ListParkedParams{
		Target: target, FromTs: int64(from), UntilTs: int64(until), Rows: int64(most),
	})
	if err != nil {
		return nil, sqlite.Failure(ctx, "read", s.path, err)
	}
	var list []ParkedSamples
	for _, row := range rows {
		g, err := ParseGranularity(row.Granularity)
		if err != nil {
			continue
		}
		list = append(list, ParkedSamples{
			Hour: Micros(row.Hour), Granularity: g, SeriesID: row.SeriesID, Name: row.Name,
			Samples: row.Samples, Reason: row.Reason, Refused: Micros(row.Refused),
		})
	}
	return list, nil
}
