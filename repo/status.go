package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/wanstore/wanstore/db"
	"github.com/wanstore/wanstore/repo/internal/sqlite"
)

// FileStatus is the state of a file.
type FileStatus struct {
	Size
	SchemaVersion int
	Tiers         [tierCount]TierStatus
	Clock         Clock
	// Check is "ok", or what SQLite's integrity check has found first that concerns the history.
	Check string
	// Unsound is what is left out because it is not as it was written.
	Unsound []Unsound
}

// TierStatus is the state of one tier.
type TierStatus struct {
	Tier
	Rows        int64  // from the floor on
	First, Last Micros // moments of the first and the last row; meaningless when there are no rows
}

// Status looks through the whole file: it takes about a second for each hundred megabytes.
//
// Errors: that of ctx, ErrReadTooLong, ErrOtherName, ErrDamaged, and those of the file system.
func (r *Reader) Status(ctx context.Context) (status FileStatus, err error) {
	err = r.look(ctx, "read status of", func(ctx context.Context, s *Snapshot) error {
		status, err = s.status(ctx)
		return err
	})
	return status, err
}

func (s *Snapshot) status(ctx context.Context) (FileStatus, error) {
	var status FileStatus
	var err error
	if status.Size, err = s.size(ctx); err != nil {
		return status, err
	}
	id, err := identify(ctx, s.tx)
	if err != nil {
		return status, err
	}
	status.SchemaVersion = id.version()
	if status.Clock, err = readClock(ctx, s.q); err != nil {
		return status, err
	}
	for _, g := range Granularities() {
		if status.Tiers[g], err = s.tierStatus(ctx, g); err != nil {
			return status, err
		}
	}
	found, err := checkIntegrity(ctx, s.path, sqlite.ReaderDSN(s.path))
	status.Check = found.text()
	if err != nil || found.damage != "" {
		return status, err
	}
	status.Unsound, err = s.walk(ctx)
	return status, err
}

func (s *Snapshot) tierStatus(ctx context.Context, g Granularity) (TierStatus, error) {
	tier := TierStatus{Tier: s.Tiers[g]}
	if g == Raw {
		return s.rawStatus(ctx, tier)
	}
	var err error
	if tier.Rows, err = countRollups(ctx, s.q, g, tier.Floor); err != nil || tier.Rows == 0 {
		return tier, err
	}
	first, err := s.q.FirstBucket(ctx,
		db.FirstBucketParams{Granularity: g.String(), FromTs: int64(tier.Floor)})
	if err != nil {
		return tier, err
	}
	last, err := s.q.LastBucket(ctx, db.LastBucketParams{
		Granularity: g.String(), FromTs: int64(tier.Floor), UntilTs: math.MaxInt64,
	})
	tier.First, tier.Last = Micros(first), Micros(last)
	return tier, err
}

func (s *Snapshot) rawStatus(ctx context.Context, tier TierStatus) (TierStatus, error) {
	parts, list, err := listParts(ctx, s.q)
	if err != nil {
		return tier, err
	}
	whole := span{from: tier.Floor, until: math.MaxInt64}
	if tier.Rows, err = countRaw(ctx, s.q, list, whole); err != nil || tier.Rows == 0 {
		return tier, err
	}
	if tier.First, err = s.firstSample(ctx, parts, tier.Floor); err != nil {
		return tier, err
	}
	tier.Last, err = lastRaw(ctx, s.q, list, tier.Floor)
	if errors.Is(err, sql.ErrNoRows) { // some were counted
		err = fmt.Errorf("%w: rows of the raw tier are found from one end only", ErrDamaged)
	}
	return tier, err
}

// firstSample is the moment of the first sample from a moment on, to the microsecond. There is one.
func (s *Snapshot) firstSample(ctx context.Context, parts []int64, from Micros) (Micros, error) {
	about, err := firstRaw(ctx, s.q, parts, from)
	if err != nil {
		return 0, err
	}
	around := Span{From: max(from, about-mostBump), Until: math.MaxInt64}
	for sample, err := range s.Scan(ctx, Raw, s.Series, around) {
		return sample.TS, err
	}
	return about, nil
}
